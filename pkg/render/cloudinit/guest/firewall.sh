#!/bin/sh
# Lets in what /run/wukong/firewall allows and nothing else, one item a line: PROTOCOL PORT FROM, where FROM is a block of
# addresses or the word any. ufw filters. Until it does, at an image's first boot or while its rules change, nftables
# does the same. Wukong writes this file at each boot; changes to it are lost.
set -uf
data=/run/wukong/firewall
told=/var/lib/wukong/firewall
removal=/var/lib/cloud/scripts/per-boot/wukong-firewall
export LC_ALL=C

ruleset() {
  # So that there is one to delete.
  echo "table inet wukong { }"
  echo "delete table inet wukong"
  echo "table inet wukong {"
  echo "chain input {"
  echo "type filter hook input priority 0; policy drop;"
  echo "iif lo accept"
  echo "ct state established,related accept"
  # What ufw lets in by itself.
  echo "icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept"
  echo "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept"
  echo "udp sport 67 udp dport 68 accept"
  echo "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept"
  while read -r protocol port from; do
    case $from in
    any) echo "$protocol dport $port accept" ;;
    *:*) echo "ip6 saddr $from $protocol dport $port accept" ;;
    *) echo "ip saddr $from $protocol dport $port accept" ;;
    esac
  done <"$data"
  echo "}"
  echo "}"
}

# present prints the rules that ufw has, and what it does without a rule.
present() { ufw status verbose && ufw show added; }

# filters tells whether ufw does what is declared now: it was told so, and says the same since.
filters() { [ "$(cat "$told" 2>/dev/null)" = "$(cat "$data" && present)" ]; }

configure() {
  ufw --force reset || return 1
  sed -i 's/^IPV6=.*/IPV6=yes/' /etc/default/ufw &&
    ufw default deny incoming && ufw default allow outgoing || return 1
  while read -r protocol port from; do
    ufw allow proto "$protocol" from "$from" to any port "$port" </dev/null || return 1
  done <"$data"
  ufw --force enable && mkdir -p "${told%/*}" && { cat "$data" && present; } >"$told"
}

# removed is run at each boot, and takes the filter away once it is declared no more.
removed() {
  echo '#!/bin/sh'
  echo '# Written by Wukong: takes the firewall away once it is declared no more.'
  echo 'if [ -e /run/wukong/firewall ]; then exit 0; fi'
  echo "rm -f $told $removal"
  echo 'ufw --force reset'
}

if command -v ufw >/dev/null && filters; then
  exit 0
fi
guarded=no
if command -v nft >/dev/null && ruleset | nft -f -; then
  guarded=yes
fi
if ! command -v ufw >/dev/null; then
  if [ $guarded = yes ]; then exit 0; fi
  echo "wukong: the image has neither ufw nor nft, so nothing filters until ufw is installed" >&2
  exit 1
fi
if [ -d /run/systemd/system ]; then
  # Two filters would each have to let in what is allowed.
  systemctl --no-block disable --now firewalld 2>/dev/null
  systemctl --no-block enable ufw 2>/dev/null
fi
if ! configure >/dev/null; then
  echo "wukong: ufw does not take the declared firewall; look at: ufw status verbose" >&2
  exit 1
fi
mkdir -p "${removal%/*}" && removed >"$removal" && chmod 755 "$removal"
if [ $guarded = yes ]; then nft delete table inet wukong; fi
