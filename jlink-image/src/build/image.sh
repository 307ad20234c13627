#!/usr/bin/env bash
# Links the run-time image, gives it its launchers and has its AOT caches trained.
# usage: image.sh JAVA_HOME TARGET NATIVE
#   TARGET/jars.list   the run-time jars, separated by colons
#   TARGET/described   the same jars where they needed a module descriptor
#   NATIVE             the native front, which becomes bin/meshnet; where there is none, the Java front does
#   TARGET/meshnet     the image; it is left alone when nothing that it is made from has changed
set -euo pipefail

java_home=$1
target=$2
native=$3
base=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
launchers=(meshnet-java meshnetd meshnetctl)
# Besides what the daemon requires: the binding of slf4j, which is found as a service.
roots=io.meshnet.daemon,org.slf4j.jul

IFS=: read -ra jars < <(cat "$target/jars.list"; echo)

inputs() {
    sha256sum "${jars[@]}"
    find "$base/pom.xml" "$base/src/main" "$base"/src/build/{image.sh,train.sh,common.sh,ModernClasses.java} -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum
    sha256sum "$java_home/release"
    sha256sum "$native" 2>/dev/null || echo 'no native front'
    # Without etcd the training does not reach the store, and without its client no link is made in it.
    command -v etcd || echo 'no etcd'
    command -v etcdctl || echo 'no etcdctl'
}

module_path() {
    local jar instead path=
    for jar in "${jars[@]}"; do
        for instead in described modern; do
            if [ -e "$target/$instead/${jar##*/}" ]; then
                jar=$target/$instead/${jar##*/}
            fi
        done
        path=$path:$jar
    done
    echo "${path#:}"
}

# launcher NAME FILE AOT_OPTION
launcher() {
    sed "s|@aot@|$3|" "$base/src/main/launchers/$1" >"$2"
    chmod 755 "$2"
}

stamp=$target/image.inputs
inputs=$(inputs)
if [ -x "$target/meshnet/bin/meshnetd" ] && [ "$inputs" = "$(cat "$stamp" 2>/dev/null)" ]; then
    touch "$target/meshnet.built"
    echo "image: unchanged"
    exit
fi

rm -rf "$stamp" "$target/meshnet" "$target/image.new" "$target/training" "$target/modern"
mkdir "$target/modern"
# picocli is compiled for Java 5; without this none of its classes is in a cache, and a start reads them for 0.1 s.
for jar in "${jars[@]}"; do
    if [[ ${jar##*/} == picocli-* ]]; then
        "$java_home/bin/java" "$base/src/build/ModernClasses.java" "$jar" "$target/modern/${jar##*/}"
    fi
done
image=$target/image.new
# Debug attributes stay: they are 6 MB, and a stack trace without line numbers is worth little. What goes is for the optimizing compiler,
# for making CDS archives, for other programs that read the image, and for signals of native programs.
"$java_home/bin/jlink" --module-path "$(module_path)" --add-modules "$roots" --output "$image" \
    --no-header-files --no-man-pages --compress=zip-6 \
    --exclude-files='**/libsimdsort.so,**/lib/classlist,**/jrt-fs.jar,**/libjsig.so,**/jexec'

mkdir -p "$target/training"
# Profiles are for the optimizing compiler, which the launchers do not use: they would be 2 MB of resident memory, and a start without
# them that looks for them takes some 20 ms more.
no_profiles='-XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining -XX:-AOTReplayTraining'
for name in "${launchers[@]}"; do
    launcher "$name" "$image/bin/$name" "-XX:AOTCache=\$home/lib/$name.aot $no_profiles"
    launcher "$name" "$image/bin/$name.train" "-XX:AOTCacheOutput=$target/training/$name.aot $no_profiles"
done
if [ -x "$native" ]; then
    install -m 755 "$native" "$image/bin/meshnet"
else
    echo "image: bin/meshnet is the Java front, since there is no $native"
    cp -p "$image/bin/meshnet-java" "$image/bin/meshnet"
fi
"$base/src/build/train.sh" "$image" "$target/training"
for name in "${launchers[@]}"; do
    rm "$image/bin/$name.train"
    mv "$target/training/$name.aot" "$image/lib/$name.aot"
    chmod 644 "$image/lib/$name.aot"
done

mv "$image" "$target/meshnet"
echo "$inputs" >"$stamp"
touch "$target/meshnet.built"
echo "image: $target/meshnet, $(du -sm "$target/meshnet" | cut -f1) MB"
