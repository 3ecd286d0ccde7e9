#!/usr/bin/env bash
# A release in the steps of any CI. Between them somebody tests the candidate.
#
#   release.sh deploy FLAGS...      starts it and leaves it waiting for approval; prints release=N
#   release.sh promote N            makes it live
#   release.sh abort N REASON       deletes it; after the switch, switches back first
#
# APP and NAMESPACE name the app. FLAGS are those of bluegreen deploy: --image, -f, ...
# Needs bash and bluegreen, and exits with bluegreen's exit code.
set -euo pipefail

# What the exit code means for a pipeline; bluegreen has already said what happened.
meaning() {
  case $1 in
    3 | 4 | 5) echo "this release is over; the previous version still serves all traffic" ;;
    6) echo "another process is running a release of this app: run this step again when it is done" ;;
    7) echo "both versions are kept: check what was changed, then run this step again, or abort" ;;
    9 | 130 | 143) echo "the release is paused, nothing was undone: run this step again to continue it" ;;
    11) echo "nothing was done: the app is not in a state for this step" ;;
    *) echo "fix that, then run this step again" ;;
  esac >&2
}
trap 'code=$?; ((code == 0)) || meaning "$code"' EXIT

usage() {
  sed -n 's/^#   //p' "$0" >&2
  exit 2
}

on_app() { bluegreen "$1" "$APP" -n "$NAMESPACE" "${@:2}"; }

deploy() {
  # The number goes out as soon as the release has begun: a pipeline that is cancelled in the middle
  # can abort by it. An app that has this version already gets none: there is nothing to decide.
  local begun='"event":"done","step":"start","number":([0-9]+)'
  local waits='"result":"detached","number":([0-9]+)'
  local number=
  on_app deploy --detach -o json "$@" | while read -r event; do
    echo "$event" >&2
    if [[ -z $number && ($event =~ $begun || $event =~ $waits) ]]; then
      number=${BASH_REMATCH[1]}
      echo "release=$number"
    fi
  done
  on_app status >&2
}

: "${APP:?says which app}" "${NAMESPACE:?says where the app is}"
case "${1:-} $#" in
  "deploy "*) deploy "${@:2}" ;;
  "promote 2") on_app promote --release "$2" ;;
  "abort 3") on_app abort --release "$2" --reason "$3" ;;
  *) usage ;;
esac
