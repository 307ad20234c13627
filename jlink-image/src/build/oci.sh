#!/usr/bin/env bash
# Packs a built run-time image as an OCI image archive, without any container engine.
# usage: oci.sh IMAGE ARCHIVE VERSION
#   IMAGE     a built image, as target/meshnet; lies in /opt/meshnet there
#   ARCHIVE   the tar file to write, in the OCI image layout 1.0.0; left alone when it has been made from the same
#   VERSION   the tag: localhost/meshnet:VERSION; that of a snapshot is the version that it becomes, which the manifests name
# The same image and the same Debian packages give the same bytes, whoever packs them, when and where: entries are
# sorted, owned by 0, and dated SOURCE_DATE_EPOCH.
# Two layers: what the image needs of this machine's Debian (the C library and its loader, sh and readlink for the launchers,
# nsenter for delegates), with the packages' copyright and status files, as scanners expect them; and the image itself.
# To import it: ctr images import ARCHIVE, podman load -i ARCHIVE, or skopeo copy oci-archive:ARCHIVE ...
set -euo pipefail
export LC_ALL=C
umask 022

image=$(cd "$1" && pwd)
archive=$2
version=${3%-SNAPSHOT}
# The first second of 2026, like project.build.outputTimestamp.
epoch=${SOURCE_DATE_EPOCH:-1767225600}
programs=(/bin/sh /usr/bin/readlink /usr/bin/nsenter)

die() {
    echo "oci: $1" >&2
    exit 1
}

# merged PATH: where it is when /bin and /lib are links into /usr, as they are in the layer.
merged() {
    case $1 in
        /bin/* | /sbin/* | /lib/* | /lib64/*) echo "/usr$1" ;;
        *) echo "$1" ;;
    esac
}

elf_files() {
    find "$image/bin" "$image/lib" -type f \( -perm -u+x -o -name '*.so' \) -exec grep -lam1 $'^\177ELF' {} +
}

# The shared libraries and the loader that the image's programs and ours need, without those of the image itself.
libraries() {
    local file
    { elf_files; printf '%s\n' "${programs[@]}"; } | while read -r file; do
        # A static program has none, for which ldd's status is 1.
        LD_LIBRARY_PATH=$image/lib:$image/lib/server ldd "$file" 2>/dev/null || true
    done | sed -n 's,^[[:space:]]*\(.* => \)\{0\,1\}\(/.*\) (0x[0-9a-f]*)$,\2,p' | grep -vF "$image/" | sort -u
}

# owner PATH: the Debian package that a file is from; dpkg may know it by its name from before the merge.
owner() {
    local path package
    for path in "$1" "$(readlink -f "$1")"; do
        path=${path#/usr}
        # Its status is 1 when one of the two is not known, as is usual.
        package=$(dpkg-query --search "$path" "/usr$path" 2>/dev/null | sed '/^diversion /d;s/[:,].*//' | head -n 1 || true)
        if [ -n "$package" ]; then
            echo "$package"
            return
        fi
    done
    die "$1 belongs to no Debian package"
}

# base ROOT: fills the directory with the first layer.
base() {
    local root=$1 file package packages=()
    for file in bin sbin lib lib64; do
        mkdir -p "$root/usr/$file"
        ln -s "usr/$file" "$root/$file"
    done
    mkdir -p "$root"/{dev,etc,opt,proc,root,run,sys,tmp,var,usr/share/doc,var/lib/dpkg/status.d}
    chmod 1777 "$root/tmp"
    ln -s /run "$root/var/run"
    for file in $(libraries) "${programs[@]}"; do
        mkdir -p "$(dirname "$root$(merged "$file")")"
        cp --dereference --no-preserve=all "$file" "$root$(merged "$file")"
        chmod 755 "$root$(merged "$file")"
        packages+=("$(owner "$file")")
    done
    for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
        dpkg-query --status "$package" | grep -v '^Status:' >"$root/var/lib/dpkg/status.d/$package"
        mkdir -p "$root/usr/share/doc/$package"
        cp --dereference --no-preserve=all "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
    done
    cp --dereference --no-preserve=all /etc/os-release "$root/etc/os-release"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:' >"$root/etc/group"
    echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
}

# pack DIRECTORY TAR ENTRY...: these of its entries, so that the same content gives the same bytes. Options may precede them.
pack() {
    local directory=$1 tar=$2
    shift 2
    tar --create --file="$tar" --directory="$directory" --format=posix --sort=name --mtime="@$epoch" \
        --owner=0 --group=0 --numeric-owner \
        --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' "$@"
}

digest() {
    sha256sum "$1" | cut -d' ' -f1
}

# blob FILE: moves it to where its content says; prints the digest.
blob() {
    local digest
    digest=$(digest "$1")
    mv "$1" "$layout/blobs/sha256/$digest"
    echo "$digest"
}

# descriptor MEDIA_TYPE DIGEST [MORE]
descriptor() {
    printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%d%s}' \
        "$1" "$2" "$(stat -c %s "$layout/blobs/sha256/$2")" "${3-}"
}

# Sets the descriptors and diff_ids of the layers.
layer() {
    local id
    id=$(digest "$1")
    gzip -n -6 "$1"
    layers="${layers:+$layers,}$(descriptor layer.v1.tar+gzip "$(blob "$1.gz")")"
    diff_ids="${diff_ids:+$diff_ids,}\"sha256:$id\""
}

inputs() {
    echo "$version $epoch"
    sha256sum "${BASH_SOURCE[0]}" $(libraries) "${programs[@]}"
    (cd "$image" && find . \( -type f -o -type l \) -print0 | sort -z | xargs -0 sha256sum)
    (cd "$image" && find . -printf '%m %y %p %l\n' | sort)
}

stamp=$archive.inputs
inputs=$(inputs | sha256sum)
if [ -f "$archive" ] && [ "$inputs" = "$(cat "$stamp" 2>/dev/null)" ]; then
    echo "oci: unchanged"
    exit
fi
rm -f "$stamp"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
layout=$work/layout
mkdir -p "$layout/blobs/sha256" "$work/base" "$work/image/opt"
layers=
diff_ids=

base "$work/base"
pack "$work/base" "$work/base.tar" .
layer "$work/base.tar"
cp -a "$image" "$work/image/opt/meshnet"
pack "$work/image" "$work/image.tar" --mode='u+rw,go=rX' .
layer "$work/image.tar"

created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
printf '{"created":"%s","architecture":"%s","os":"linux","config":{"Env":["PATH=%s"],"Entrypoint":["%s"],"WorkingDir":"/","Labels":{"org.opencontainers.image.title":"meshnet","org.opencontainers.image.version":"%s"}},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$created" "$(dpkg --print-architecture)" \
    '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/meshnet/bin' \
    /opt/meshnet/bin/meshnetd "$version" "$diff_ids" >"$work/config"
config=$(blob "$work/config")
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
    "$(descriptor config.v1+json "$config")" "$layers" >"$work/manifest"
manifest=$(blob "$work/manifest")
# The first name is containerd's, which the import gives the image; the second is the specification's.
names=',"annotations":{"io.containerd.image.name":"localhost/meshnet:'$version'","org.opencontainers.image.ref.name":"'$version'"}'
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \
    "$(descriptor manifest.v1+json "$manifest" "$names")" >"$layout/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"

pack "$layout" "$archive.new" blobs index.json oci-layout
mv "$archive.new" "$archive"
echo "$inputs" >"$stamp"
echo "oci: $archive, $(du -sm "$archive" | cut -f1) MB"
