/* The messages about links that the floor is made of, and the pods' namespaces that they go to. */
#ifndef MESHNET_BENCH_LINKS_H
#define MESHNET_BENCH_LINKS_H

#include "netlink.h"

/* The group of every link that is made here, by which all of a namespace's go at once: meshnet's own. */
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
    char alias[128];
    int ifindex;
    uint32_t address; /* host order; the prefix length is 30 */
    unsigned char mac[6];
};

/* Both ends of link i: spread over all pairs of pods, everything about them following from i. */
void link_ends(struct pods *pods, int i, struct end *near, struct end *far);

/* Writes the message that makes both ends, straight into their namespaces. */
void veth_message(struct request *request, const struct end *near, const struct end *far);

/* Makes both ends; node is a socket in the node's namespace. */
void veth_create(int node, struct request *request, const struct end *near, const struct end *far);

/* One tunnel end in the pod's namespace; its UDP socket stays in the node's. */
void vxlan_create(int node, struct request *request, const struct end *end, int vni, int underlay);

/* Writes the messages that give an end its alias and its address, and the one that sets it up. */
void prepare_messages(struct request *request, const struct end *end);
void up_message(struct request *request, const struct end *end);

/* Alias, address and up, in one send. */
void end_raise(struct request *request, const struct end *end);

/* Writes the message that deletes every link of the group. */
void group_delete_message(struct request *request);

/* Deletes every link of the group in the pod. */
void group_delete(struct pod *pod, struct request *request);

/* What the koko library does: create under temporary names in the node's namespace, move each, rename it, set it up, address it. */
void koko_create(int node, struct request *request, const struct end *near, const struct end *far);

#endif
