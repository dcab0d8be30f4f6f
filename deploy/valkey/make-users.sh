#!/bin/sh
# Makes the users of Valkey, with a new password: FOLDER/valkey.acl for the server, FOLDER/redis_url for the bot.
#   sh deploy/valkey/make-users.sh [FOLDER] [HOST:PORT]      (./secrets and valkey:6379 where they are not named)
# The user `seawall` reaches the keys v1:* and nothing else: no FLUSHALL, CONFIG, KEYS or DEBUG. Run as root, it gives
# each file to the user of the container that reads it.
set -eu
umask 077
here=$(cd -- "$(dirname -- "$0")" && pwd)
folder=${1:-secrets}
server=${2:-valkey:6379}
if [ -e "$folder/valkey.acl" ] || [ -e "$folder/redis_url" ]; then
  echo "make-users: $folder/valkey.acl or $folder/redis_url is there already; remove both for a new password" >&2
  exit 1
fi
mkdir -p "$folder"
password=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
digest=$(printf %s "$password" | sha256sum | cut -d' ' -f1)
sed "s/PASSWORD_SHA256/$digest/" "$here/users.acl.in" > "$folder/valkey.acl"
printf 'redis://seawall:%s@%s/0\n' "$password" "$server" > "$folder/redis_url"
if [ "$(id -u)" = 0 ]; then
  chown 999:999 "$folder/valkey.acl"
  chown 10001:10001 "$folder/redis_url"
fi
chmod 400 "$folder/valkey.acl" "$folder/redis_url"
