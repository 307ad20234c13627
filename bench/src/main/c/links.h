/* The pods' namespaces, and links as the koko library makes them. */
#ifndef MESHNET_BENCH_LINKS_H
#define MESHNET_BENCH_LINKS_H

#include "netlink.h"

/* The group of every link that koko's way and other tools make, by which all of a namespace's go at once. */
#define GROUP 0x6d657368

struct pod {
    int netns;
    int socket;
};

/* The namespaces /run/netns/PREFIX0 and so on, opened. */
struct pods {
    int count;
    struct pod *pod;
};

struct pods pods_open(const char *prefix, int count);

/* One end of a link. */
struct end {
    struct pod *pod;
    char name[16];
    int ifindex;
    uint32_t address; /* host order; the prefix length is 30 */
};

/* Both ends of link i: spread over all pairs of pods, everything about them following from i. */
void link_ends(struct pods *pods, int i, struct end *near, struct end *far);

/* Writes the message that deletes every link of the group. */
void group_delete_message(struct request *request);

/* Deletes every link of the group in the pod. */
void group_delete(struct pod *pod, struct request *request);

/* What the koko library does: create under temporary names in the node's namespace, move each, rename it, set it up, address it. */
void koko_create(int node, struct request *request, const struct end *near, const struct end *far);

#endif
