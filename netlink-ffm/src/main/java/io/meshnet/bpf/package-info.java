/**
 * BPF maps and programs by the system call bpf(2), without libbpf, BTF or a BPF file system.
 * Layouts and numbers come from linux/bpf.h. The package needs 64-bit little-endian Linux: x86_64
 * or aarch64.
 */
package io.meshnet.bpf;
