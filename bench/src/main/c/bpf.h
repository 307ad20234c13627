/* Just enough bpf(2) for a floor: maps, one program, and what is done with an entry. What the kernel refuses ends the process. */
#ifndef MESHNET_BENCH_BPF_H
#define MESHNET_BENCH_BPF_H

#include <stdbool.h>
#include <stdint.h>

/* Makes a hash whose keys are four bytes, and whose entries take memory when they are put. */
int map_hash(const char *name, int value_size, int entries);

/* Makes an array of one value of eight bytes. */
int map_number(const char *name);

bool map_get(int map, uint32_t key, void *value);
void map_put(int map, uint32_t key, const void *value);
void map_remove(int map, uint32_t key);

/* Loads a program for the ingress of a device: it sends a frame out by the device that the first word of the map's entry names. */
int program_load(const char *name, int ports);

#endif
