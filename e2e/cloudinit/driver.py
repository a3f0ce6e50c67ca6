# Runs cloud-init's own commands for what stands in the lines of the standard input, one JSON object each, in one process:
# starting Python and importing cloud-init takes longer than the commands do.
import contextlib
import copy
import io
import json
import logging
import os
import sys
import tempfile

from cloudinit import distros, handlers, helpers, user_data, util
from cloudinit.cmd.devel import net_convert
from cloudinit.config import schema
from cloudinit.handlers.cloud_config import CloudConfigPartHandler


SETTINGS = {name: copy.deepcopy(distros.fetch(name).renderer_configs) for name in ("debian", "centos")}


def command(module, arguments):
    """The command line of a module. net-convert changes the distributions' settings, which it only reads once."""
    for name, settings in SETTINGS.items():
        distros.fetch(name).renderer_configs = copy.deepcopy(settings)
    parsed = module.get_parser().parse_args(arguments)
    getattr(module, "handle_args" if module is net_convert else "handle_schema_args")("cloud-init", parsed)


def read(path):
    """What cloud-init makes of user-data: the cloud-config that it merges, and its other parts."""
    with open(path, "rb") as file:
        message = user_data.UserDataProcessor(helpers.Paths({"cloud_dir": tempfile.gettempdir()})).process(file.read())
    with tempfile.NamedTemporaryFile() as merged:
        paths = helpers.Paths({"cloud_dir": os.path.dirname(merged.name)})
        handler = CloudConfigPartHandler(paths)
        handler.cloud_fn = merged.name
        handler.handle_part(None, handlers.CONTENT_START, None, None, None, None)
        others = []
        for part in message.walk():
            if part.get_content_maintype() == "multipart":
                continue
            kind, payload = part.get_content_type(), util.fully_decoded_payload(part)
            if kind == "text/cloud-config":
                handler.handle_part(None, kind, part.get_filename() or "part", payload, None, dict(part))
            else:
                others.append({"type": kind, "content": payload if isinstance(payload, str) else payload.decode()})
        handler.handle_part(None, handlers.CONTENT_END, None, None, None, None)
        with open(merged.name) as file:
            return {"config": util.load_yaml(file.read(), default={}), "parts": others}


log = io.StringIO()
logging.basicConfig(stream=log, level=logging.WARNING)
for line in sys.stdin:
    job, answer = json.loads(line), {}
    printed = io.StringIO()
    log.seek(0)
    log.truncate()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            if job["command"] == "net-convert":
                command(net_convert, job["arguments"])
            elif job["command"] == "schema":
                command(schema, job["arguments"])
            else:
                answer["read"] = read(job["arguments"][0])
    except SystemExit as stopped:
        answer["error"] = printed.getvalue() or str(stopped)
    except Exception as error:  # Whatever it is, it is the answer.
        answer["error"] = "%s: %s" % (type(error).__name__, error)
    answer["printed"], answer["log"] = printed.getvalue(), log.getvalue()
    print(json.dumps(answer), flush=True)
