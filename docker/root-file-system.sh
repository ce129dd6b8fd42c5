#!/bin/sh
# The root file system of the image, as a tar file on standard output; what is told goes to standard
# error.
#
#   unshare --mount --pid --fork --kill-child sh root-file-system.sh MIRROR SUITE
#
# It is made in memory, on a mount that nobody else has: so nothing of it is left, however it ends.
set -eu
mirror=$1
suite=$2
umask 022

# iproute2 and iptables: faults of the network are injected inside the container. faketime: wrong
# clocks. procps: for people who look into one.
packages=python3,iproute2,iptables,procps,faketime

mount -t tmpfs -o size=2g,mode=755 root-file-system /mnt
debootstrap --variant=minbase --include="$packages" "$suite" /mnt "$mirror" >&2
cd /mnt
rm -rf var/cache/apt/* var/cache/debconf/* var/lib/apt/lists/* var/log/* tmp/*
rm -rf usr/share/doc/* usr/share/man/* usr/share/locale/* usr/share/info/*
tar --create --one-file-system --numeric-owner .
