#!/bin/sh
# Builds the image with docker, else with buildah (no engine needed, as root), and answers `seawall doctor` in it: as user 10001,
# on a read-only root, without capabilities.
#   sh .ci/image.sh             the base is fetched from a registry of images
#   sh .ci/image.sh own-base    the base is made here of Debian's packages (mmdebstrap), where no registry is reached
set -eu
cd "$(dirname "$0")/.."
TAG=${TAG:-localhost/seawall}
OURS="buildah --storage-driver vfs"

own_base() {
    folder=$(mktemp -d)
    chmod 755 "$folder"
    mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates,passwd \
        bookworm "$folder/base.tar"
    made=$($OURS from scratch)
    $OURS add "$made" "$folder/base.tar" / >/dev/null
    $OURS run --isolation chroot "$made" -- /bin/sh -c \
        'ln -s /usr/bin/python3 /usr/local/bin/python; ln -s /usr/bin/python3 /usr/local/bin/python3'
    $OURS copy "$made" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
    $OURS config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
        --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$made"
    $OURS commit --quiet "$made" docker.io/library/python:3.11-slim
    $OURS rm "$made" >/dev/null
    rm -rf "$folder"
}

# What `docker run --read-only --cap-drop ALL --tmpfs /tmp --tmpfs /data` does, without an engine.
shut_in() {
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child sh -eu -c '
        root=$1; shift
        mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        mount -t tmpfs -o uid=10001,gid=10001,mode=700 tmpfs "$root/data"
        mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"
        exec chroot "$root" setpriv --reuid 10001 --regid 10001 --clear-groups --bounding-set=-all --inh-caps=-all \
            --no-new-privs env -i PATH=/opt/seawall/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 \
            PYTHONDONTWRITEBYTECODE=1 SEAWALL_DATA_DIR=/data HOME=/data "$@"
    ' sh "$@"
}

if docker info >/dev/null 2>&1; then
    docker build --tag "$TAG" .
    docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp \
        --tmpfs /data:uid=10001,gid=10001,mode=700 "$TAG" doctor --offline
    exit
fi
if [ "${1:-}" = own-base ]; then own_base; fi
$OURS bud --isolation chroot --pull-never --quiet --tag "$TAG" .
made=$($OURS from "$TAG")
trap '$OURS umount "$made" >/dev/null; $OURS rm "$made" >/dev/null' EXIT
root=$($OURS mount "$made")
shut_in "$root" id
if shut_in "$root" touch /etc/written 2>/dev/null; then echo "the root can be written to" >&2; exit 1; fi
shut_in "$root" seawall doctor --offline
