#!/bin/sh
# Installs from the image's own package sources what /run/wukong/install names and the image lacks, one item a line:
# COMMAND PACKAGE. It runs beside the boot, which it never holds up. Wukong writes this file at each boot; changes to it
# are lost.
set -uf

install() { # PACKAGE
  if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::http::Timeout=30 update
    apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 -o Acquire::http::Timeout=30 install "$1"
  elif command -v dnf >/dev/null; then
    dnf -q -y install "$1"
  elif command -v yum >/dev/null; then
    yum -q -y install "$1"
  elif command -v zypper >/dev/null; then
    zypper --quiet --non-interactive install "$1"
  elif command -v apk >/dev/null; then
    apk --quiet --wait 600 add "$1"
  elif command -v pacman >/dev/null; then
    pacman -Sy --noconfirm --needed "$1"
  else
    echo "wukong: this image has no package manager that is known here; put $1 into the image" >&2
    return 1
  fi
}

start() { # SERVICE
  if [ -d /run/systemd/system ]; then
    systemctl enable "$1"
    systemctl start "$1"
  elif command -v rc-service >/dev/null; then
    rc-update add "$1"
    rc-service "$1" start
  fi
}

status=0
while read -r command package; do
  if command -v "$command" >/dev/null; then continue; fi
  if ! install "$package" </dev/null || ! command -v "$command" >/dev/null; then
    echo "wukong: $package could not be installed; put it into the image, or give the machine a package source" >&2
    status=1
    continue
  fi
  case $command in
  ufw) sh /run/wukong/firewall.sh || status=1 ;;
  *) start "$package" || status=1 ;;
  esac
done </run/wukong/install
exit $status
