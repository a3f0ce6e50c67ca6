#!/bin/sh
# Keeps the declared routes, whatever program configures the network. Some of those lose the metrics of routes or the
# default route of IPv6, and most cannot keep a table of its own for each NIC, by which replies leave where the request
# came in. /run/wukong/routing says what is wanted, one item a line:
#
#   route MAC DESTINATION VIA METRIC   a declared route, with - for any metric
#   metric MAC METRIC                  the metric of the default route that a DHCPv4 server announced
#   table MAC NUMBER                   the NIC's table, and the priority of its rules
#
# Nothing is written where everything is as wanted. Wukong writes this file at each boot; changes to it are lost.
set -uf
data=${1:-/run/wukong/routing}
state=${2:-/run/wukong}
newline='
'

# device prints the name of the NIC with the address MAC: of several, the lowest of them, which others are built on.
device() { # MAC
  ip -o link show | while read -r _ name rest; do
    case " $rest " in
    *" link/ether $1 "*)
      name=${name%:}
      echo "${name%@*}"
      break
      ;;
    esac
  done
}

# routes prints a NIC's routes in a table as lines of DESTINATION VIA METRIC SOURCE FLAG, with - for what a route has not.
routes() { # FAMILY DEVICE TABLE
  ip "-$1" route show table "$3" dev "$2" 2>/dev/null | while read -r to words; do
    case $to in
    fe80::/*) continue ;;
    default | *[.:]*) ;;
    *) continue ;;
    esac
    via=- metric=- source=- flag=-
    # shellcheck disable=SC2086 # The words of a line.
    set -- $words
    while [ $# -gt 1 ]; do
      case $1 in
      via) via=$2 ;;
      metric) metric=$2 ;;
      src) source=$2 ;;
      esac
      case $2 in onlink) flag=onlink ;; esac
      shift
    done
    echo "$to $via $metric $source $flag"
  done
}

# write changes one route; what cannot be written yet, for example before a NIC has its address, is tried again when
# something changes.
write() { # ACTION FAMILY DEVICE TABLE DESTINATION VIA METRIC SOURCE FLAG
  action=$1 family=$2 device=$3 table=$4 to=$5 via=$6 metric=$7 source=$8 flag=$9
  set -- "$to"
  if [ "$via" != - ]; then set -- "$@" via "$via"; fi
  set -- "$@" dev "$device" table "$table"
  if [ "$metric" != - ]; then set -- "$@" metric "$metric"; fi
  if [ "$source" != - ]; then set -- "$@" src "$source"; fi
  if [ "$flag" != - ]; then set -- "$@" "$flag"; fi
  ip "-$family" route "$action" "$@" 2>/dev/null
}

# declared sees to one declared route: it is there with its metric, and not a second time with another one.
declared() { # DEVICE DESTINATION VIA METRIC
  case $3 in *:*) family=6 ;; *) family=4 ;; esac
  present=$(routes "$family" "$1" main)
  case $4 in -) wanted="$2 $3 " ;; *) wanted="$2 $3 $4 " ;; esac
  case $newline$present in
  *"$newline$wanted"*) ;;
  *) write replace "$family" "$1" main "$2" "$3" "$4" - - || return 0 ;;
  esac
  if [ "$4" = - ]; then return; fi
  echo "$present" | while read -r to via metric source flag; do
    if [ "$to $via" = "$2 $3" ] && [ "$metric" != "$4" ]; then
      write del "$family" "$1" main "$to" "$via" "$metric" "$source" "$flag"
    fi
  done
}

# announced gives the default routes of a NIC their metric.
announced() { # DEVICE METRIC
  routes 4 "$1" main | while read -r to via metric source flag; do
    if [ "$to" = default ] && [ "$metric" != "$2" ] && write replace 4 "$1" main "$to" "$via" "$2" "$source" "$flag"; then
      write del 4 "$1" main "$to" "$via" "$metric" "$source" "$flag"
    fi
  done
}

# replies gives a NIC that has a default route a table with all its routes, and rules by which what has one of its
# addresses as the source uses that table. A NIC without one has no rule.
replies() { # DEVICE TABLE
  for family in 4 6; do
    wanted=
    addresses=
    if [ -n "$1" ]; then
      wanted=$(routes "$family" "$1" main)
      case $newline$wanted in
      *"${newline}default "*) addresses=$(ip "-$family" -o addr show dev "$1" scope global 2>/dev/null |
        while read -r _ _ _ address _; do echo "${address%/*}"; done) ;;
      *) wanted= ;;
      esac
      fill "$family" "$1" "$2" "$wanted"
    fi
    rules "$family" "$2" "$addresses"
  done
}

fill() { # FAMILY DEVICE TABLE ROUTES
  present=$(routes "$1" "$2" "$3")
  if [ "$present" = "$4" ]; then return; fi
  # What a gateway is reached by comes before the gateway.
  for gateways in no yes; do
    echo "$4" | while read -r to via metric source flag; do
      if [ -z "$to" ]; then continue; fi
      case $via in -) [ $gateways = no ] ;; *) [ $gateways = yes ] ;; esac || continue
      case $newline$present$newline in *"$newline$to $via $metric $source $flag$newline"*) continue ;; esac
      write replace "$1" "$2" "$3" "$to" "$via" "$metric" "$source" "$flag"
    done
  done
  # Replacing may have taken away what was there before.
  routes "$1" "$2" "$3" | while read -r to via metric source flag; do
    case $newline$4$newline in *"$newline$to $via $metric $source $flag$newline"*) continue ;; esac
    write del "$1" "$2" "$3" "$to" "$via" "$metric" "$source" "$flag"
  done
}

rules() { # FAMILY TABLE ADDRESSES
  present=$(ip "-$1" rule show 2>/dev/null | while read -r priority from address lookup table _; do
    if [ "$priority $from $lookup $table" = "$2: from lookup $2" ]; then echo "$address"; fi
  done)
  for address in $3; do
    case $newline$present$newline in *"$newline$address$newline"*) continue ;; esac
    ip "-$1" rule add from "$address" lookup "$2" priority "$2" 2>/dev/null
  done
  for address in $present; do
    case $newline$3$newline in *"$newline$address$newline"*) continue ;; esac
    ip "-$1" rule del from "$address" lookup "$2" priority "$2" 2>/dev/null
  done
}

apply() {
  while read -r kind mac first second third; do
    device=$(device "$mac")
    case $kind in
    route) if [ -n "$device" ]; then declared "$device" "$first" "$second" "$third"; fi ;;
    metric) if [ -n "$device" ]; then announced "$device" "$first"; fi ;;
    table) replies "$device" "$first" ;;
    esac
  done <"$data"
}

if ! command -v ip >/dev/null; then
  echo "wukong: the image has no ip command, so replies may leave by another NIC than the request came in; install iproute2" >&2
  exit 3
fi
rm -f "$state/routing.pending"
apply
# Changes come in bursts, and the first one of a burst is looked at after a second.
{
  echo
  exec ip monitor link address route rule
} 2>/dev/null | while read -r _; do
  if [ -e "$state/routing.pending" ]; then continue; fi
  : >"$state/routing.pending"
  {
    sleep 1
    rm -f "$state/routing.pending"
    apply
  } &
done
# This ip command cannot tell of changes. The network is mostly up within a minute.
for pause in 2 5 10 20 30; do
  sleep "$pause"
  apply
done
