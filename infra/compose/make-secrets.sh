#!/bin/sh
# Makes the secrets that docker-compose.yml names, each in a file of its own. What is there stays, so that it may be run again.
#   infra/compose/make-secrets.sh [FOLDER]
set -eu
folder=${1:-$(dirname "$0")/secrets}

# Compose mounts each file as it is: containers read it as users of their own, the folder keeps other people of this machine out.
mkdir -p "$folder"
chmod 0700 "$folder"

password() {
  [ -e "$folder/$1" ] || write "$1" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
}

write() {
  printf '%s\n' "$2" >"$folder/$1"
  chmod 0444 "$folder/$1"
}

for name in database-password queue-password admin-password grafana-password; do
  password "$name"
done
[ -e "$folder/database-url" ] || write database-url "postgres://nightjar:$(cat "$folder/database-password")@postgres/nightjar"
[ -e "$folder/queue-url" ] || write queue-url "redis://:$(cat "$folder/queue-password")@queue:6379"
