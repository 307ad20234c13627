/**
 * BPF maps and programs by the system call bpf(2): a small, typed part of what it does, without libbpf, BTF or a BPF file system. Layouts
 * are those of linux/bpf.h. It runs on 64-bit little-endian Linux, x86_64 and aarch64.
 */
package io.meshnet.bpf;
