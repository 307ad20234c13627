#define _GNU_SOURCE
#include "bpf.h"
#include "netlink.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALU(operation, destination, source, value) \
    {.code = BPF_ALU64 | BPF_##operation, .dst_reg = destination, .src_reg = source, .imm = value}
#define LOAD(destination, source, offset) \
    {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = destination, .src_reg = source, .off = offset}
#define CALL(helper) {.code = BPF_JMP | BPF_CALL, .imm = helper}
#define EXIT {.code = BPF_JMP | BPF_EXIT}
#define KEY (-4)

static int bpf(int command, union bpf_attr *attributes) {
    return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int require(int result, const char *what) {
    if (result < 0) {
        die_errno(what);
    }
    return result;
}

int map_hash(const char *name, int value_size, int entries) {
    union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_HASH,
                                 .key_size = sizeof(uint32_t),
                                 .value_size = value_size,
                                 .max_entries = entries,
                                 .map_flags = BPF_F_NO_PREALLOC};
    strncpy(attributes.map_name, name, BPF_OBJ_NAME_LEN - 1);
    return require(bpf(BPF_MAP_CREATE, &attributes), "make a BPF hash");
}

int map_number(const char *name) {
    union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY,
                                 .key_size = sizeof(uint32_t),
                                 .value_size = sizeof(uint64_t),
                                 .max_entries = 1};
    strncpy(attributes.map_name, name, BPF_OBJ_NAME_LEN - 1);
    return require(bpf(BPF_MAP_CREATE, &attributes), "make a BPF array");
}

static union bpf_attr entry(int map, const uint32_t *key, const void *value) {
    union bpf_attr attributes = {.map_fd = map, .key = (uintptr_t)key, .value = (uintptr_t)value};
    return attributes;
}

bool map_get(int map, uint32_t key, void *value) {
    union bpf_attr attributes = entry(map, &key, value);
    if (!bpf(BPF_MAP_LOOKUP_ELEM, &attributes)) {
        return true;
    }
    if (errno != ENOENT) {
        die_errno("look an entry up");
    }
    return false;
}

void map_put(int map, uint32_t key, const void *value) {
    union bpf_attr attributes = entry(map, &key, value);
    require(bpf(BPF_MAP_UPDATE_ELEM, &attributes), "put an entry");
}

void map_remove(int map, uint32_t key) {
    union bpf_attr attributes = entry(map, &key, NULL);
    if (bpf(BPF_MAP_DELETE_ELEM, &attributes) && errno != ENOENT) {
        die_errno("remove an entry");
    }
}

int program_load(const char *name, int ports) {
    const struct bpf_insn code[] = {
        LOAD(BPF_REG_1, BPF_REG_1, offsetof(struct __sk_buff, ifindex)),
        {.code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .src_reg = BPF_REG_1, .off = KEY},
        {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = ports},
        {0}, /* the other half of the load before */
        ALU(MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0),
        ALU(ADD | BPF_K, BPF_REG_2, 0, KEY),
        CALL(BPF_FUNC_map_lookup_elem),
        {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 4},
        LOAD(BPF_REG_1, BPF_REG_0, 0),
        ALU(MOV | BPF_K, BPF_REG_2, 0, 0),
        CALL(BPF_FUNC_redirect),
        EXIT,
        ALU(MOV | BPF_K, BPF_REG_0, 0, TC_ACT_SHOT),
        EXIT,
    };
    union bpf_attr attributes = {.prog_type = BPF_PROG_TYPE_SCHED_CLS,
                                 .insns = (uintptr_t)code,
                                 .insn_cnt = sizeof code / sizeof *code,
                                 .license = (uintptr_t) "GPL"};
    strncpy(attributes.prog_name, name, BPF_OBJ_NAME_LEN - 1);
    return require(bpf(BPF_PROG_LOAD, &attributes), "load a BPF program");
}
