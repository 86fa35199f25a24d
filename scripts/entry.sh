#!/bin/sh
# The entry point of the image: the words after it are those of `millrace`, or a program of the image, as `node`.
# `exec` makes the program process 1, so that it gets the signals.
case "${1:-}" in
  node | npm | sh | bash | /*) exec "$@" ;;
esac
exec node "$(dirname "$0")/../dist/src/cli/main.js" "$@"
