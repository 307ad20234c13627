/* Ports and wires as meshnet makes them: the same messages, and the same entries of maps. */
#ifndef MESHNET_BENCH_PORTS_H
#define MESHNET_BENCH_PORTS_H

#include "links.h"

/* The namespace /run/netns/PREFIXpatch, opened, with the maps of its ports, and their program in a block that they share. */
struct patch {
    int netns;
    int socket;
    int ports;
    int tunnels;
    int numbers;
    int program;
};

struct patch patch_open(const char *prefix);

/* One port: a veth between a pod and the patch namespace. */
struct port {
    struct pod *pod;
    int netnsid;     /* of the pod's namespace, in the patch namespace */
    int group;       /* the same for all ports of a pod */
    int ifindex;     /* of the patch side; 0 until it is made */
    int pod_ifindex; /* of the interface in the pod */
    uint32_t address; /* host order; the prefix length is 30 */
    unsigned char mac[6];
    char name[16];
    char alias[128];
};

/* Port i, of the pod of that number; everything about it follows from both. */
struct port port_of(struct pods *pods, int pod, int i);

/* Makes ports of one pod, in three sends: the veths, then address and up of each interface, then clsact and alias of each patch side. */
void ports_make(struct patch *patch, struct request *request, struct port *ports, int count);

/* Joins two ports: two updates of a map. */
void wire_ports(const struct patch *patch, int one, int other);

/* Joins a port and another node: an update of two maps. */
void wire_node(const struct patch *patch, int port, int vni);

/* Cuts the wire of a port to another port, in both directions. */
void wire_cut(const struct patch *patch, int port);

/* Writes the message that sets the patch side of a port up or down. */
void port_up_message(struct request *request, const struct port *port, int up);

/* Sets the patch sides of ports up or down, in one send. */
void ports_up(struct patch *patch, struct request *request, const struct port *ports, int count, int up);

/* Asks for the interface in the pod, which has the kernel tell its carrier at once. */
void port_settle(struct patch *patch, struct request *request, const struct port *port);

/* Deletes every port of a group, with one request. */
void ports_delete(struct patch *patch, struct request *request, int group);

#endif
