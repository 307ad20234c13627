#define _GNU_SOURCE
#include "ports.h"
#include "bpf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define POD_MTU 1450
#define PATCH_MTU 65535
#define FIRST_PORT (1 << 24)
#define TUNNEL (1 << 23)
#define ENTRIES (1 << 16)
#define FIRST_POD_IFINDEX 100000
#define FILTER "meshnet_port"
#define LOOPBACK 1
#define BLOCK 1

/* The values of the maps, of which everything but the target is for the program alone. */
struct port_value {
    uint32_t target, vni, remote[4], flags, pad;
    uint64_t too_big;
};

struct tunnel_value {
    uint32_t port, pad, remote[4];
    uint64_t wrong_sender;
};

static void write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        die_errno(path);
    }
    close(fd);
}

/* With IPv6 each port adds to one list of fe80::/64 routes. */
static void disable_ipv6(int netns) {
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(netns, CLONE_NEWNET) < 0) {
        die_errno("enter the patch namespace");
    }
    write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    if (setns(own, CLONE_NEWNET) < 0) {
        die_errno("leave the patch namespace");
    }
    close(own);
}

struct port port_of(struct pods *pods, int pod, int i) {
    struct port port = {.pod = &pods->pod[pod], .group = pod + 1, .pod_ifindex = FIRST_POD_IFINDEX + i};
    port.address = 0x0a000000 + ((uint32_t)i << 2) + 1;
    snprintf(port.name, sizeof port.name, "a%d", i);
    snprintf(port.alias, sizeof port.alias, "meshnet %s %d 10.%d.%d.%d/30 auto/%d default/pod%d", port.name, i,
             port.address >> 16 & 255, port.address >> 8 & 255, port.address & 255, POD_MTU, pod);
    unsigned char mac[] = {0x02, 0, i >> 24, i >> 16, i >> 8, i};
    memcpy(port.mac, mac, sizeof mac);
    return port;
}

static int find_netnsid(struct patch *patch, struct request *request, int netns) {
    request_begin(request, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
    request_u32(request, NETNSA_FD, netns);
    struct nlmsghdr *answer = netlink_query(patch->socket, request);
    int length = NLMSG_PAYLOAD(answer, NLMSG_ALIGN(sizeof(struct rtgenmsg)));
    struct rtattr *each = (void *)((char *)NLMSG_DATA(answer) + NLMSG_ALIGN(sizeof(struct rtgenmsg)));
    for (; RTA_OK(each, length); each = RTA_NEXT(each, length)) {
        if (each->rta_type == NETNSA_NSID) {
            return *(int *)RTA_DATA(each);
        }
    }
    return -1;
}

static int netnsid(struct patch *patch, struct request *request, int netns) {
    int known = find_netnsid(patch, request, netns);
    if (known >= 0) {
        return known;
    }
    request_begin(request, RTM_NEWNSID, NLM_F_ACK, sizeof(struct rtgenmsg));
    request_u32(request, NETNSA_FD, netns);
    request_u32(request, NETNSA_NSID, -1);
    netlink_change(patch->socket, request, EEXIST);
    return find_netnsid(patch, request, netns);
}

static void take_ifindexes(struct patch *patch, struct port *ports, int count) {
    uint64_t next;
    map_get(patch->numbers, 0, &next);
    for (int i = 0; i < count; i++) {
        ports[i].ifindex = next + i;
    }
    next += count;
    map_put(patch->numbers, 0, &next);
}

static void put_info(struct request *request, int ifindex) {
    struct ifinfomsg info = {.ifi_index = ifindex};
    memcpy(request->bytes + request->length, &info, sizeof info);
    request->length += sizeof info;
}

/* The default of one queue per CPU costs the kernel a synchronize_net. */
static void one_queue(struct request *request) {
    request_u32(request, IFLA_NUM_TX_QUEUES, 1);
    request_u32(request, IFLA_NUM_RX_QUEUES, 1);
}

static void veth_message(struct patch *patch, struct request *request, const struct port *port) {
    char name[16];
    struct ifinfomsg *near =
        request_begin(request, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
    near->ifi_index = port->pod_ifindex;
    request_text(request, IFLA_IFNAME, port->name);
    request_u32(request, IFLA_NET_NS_FD, port->pod->netns);
    request_u32(request, IFLA_MTU, POD_MTU);
    request_put(request, IFLA_ADDRESS, port->mac, sizeof port->mac);
    one_queue(request);
    size_t info = request_nest(request, IFLA_LINKINFO);
    request_text(request, IFLA_INFO_KIND, "veth");
    size_t data = request_nest(request, IFLA_INFO_DATA);
    size_t peer = request_nest(request, VETH_INFO_PEER);
    put_info(request, port->ifindex);
    snprintf(name, sizeof name, "port%d", port->ifindex);
    request_text(request, IFLA_IFNAME, name);
    request_u32(request, IFLA_NET_NS_FD, patch->netns);
    request_u32(request, IFLA_MTU, PATCH_MTU);
    request_u32(request, IFLA_GROUP, port->group);
    one_queue(request);
    request_nest_end(request, peer);
    request_nest_end(request, data);
    request_nest_end(request, info);
}

static void clsact_message(struct request *request, int ifindex) {
    struct tcmsg *qdisc =
        request_begin(request, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof(struct tcmsg));
    qdisc->tcm_ifindex = ifindex;
    qdisc->tcm_parent = TC_H_CLSACT;
    qdisc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    request_text(request, TCA_KIND, "clsact");
    request_u32(request, TCA_INGRESS_BLOCK, BLOCK);
    request_u32(request, TCA_EGRESS_BLOCK, BLOCK + 1);
}

/* Once for all ports, which share the block of the loopback. */
static void attach_program(struct patch *patch, struct request *request) {
    clsact_message(request, LOOPBACK);
    struct tcmsg *filter = request_begin(request, RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE, sizeof(struct tcmsg));
    filter->tcm_ifindex = TCM_IFINDEX_MAGIC_BLOCK;
    filter->tcm_handle = 1;
    filter->tcm_block_index = BLOCK;
    filter->tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL));
    request_text(request, TCA_KIND, "bpf");
    size_t options = request_nest(request, TCA_OPTIONS);
    request_u32(request, TCA_BPF_FD, patch->program);
    request_text(request, TCA_BPF_NAME, FILTER);
    request_u32(request, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    request_nest_end(request, options);
    netlink_change(patch->socket, request, 0);
}

static void equipment(struct request *request, const struct port *port) {
    clsact_message(request, port->ifindex);
    struct ifinfomsg *link = request_begin(request, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
    link->ifi_index = port->ifindex;
    request_put(request, IFLA_IFALIAS, port->alias, strlen(port->alias));
}

struct patch patch_open(const char *prefix) {
    static struct request request;
    struct patch patch;
    char path[256];
    uint64_t first = FIRST_PORT;
    snprintf(path, sizeof path, "/run/netns/%spatch", prefix);
    patch.netns = open(path, O_RDONLY | O_CLOEXEC);
    if (patch.netns < 0) {
        die_errno(path);
    }
    disable_ipv6(patch.netns);
    patch.socket = netlink_open_in(patch.netns, 0);
    patch.ports = map_hash("ports", sizeof(struct port_value), ENTRIES);
    patch.tunnels = map_hash("tunnels", sizeof(struct tunnel_value), ENTRIES);
    patch.numbers = map_number("numbers");
    patch.program = program_load("port", patch.ports);
    map_put(patch.numbers, 0, &first);
    attach_program(&patch, &request);
    return patch;
}

static void up_message(struct request *request, int ifindex, int up) {
    struct ifinfomsg *link = request_begin(request, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
    link->ifi_index = ifindex;
    link->ifi_flags = up ? IFF_UP : 0;
    link->ifi_change = IFF_UP;
}

static void address_message(struct request *request, const struct port *port) {
    struct ifaddrmsg *message =
        request_begin(request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifaddrmsg));
    message->ifa_family = AF_INET;
    message->ifa_prefixlen = 30;
    message->ifa_index = port->pod_ifindex;
    request_u32(request, IFA_LOCAL, htonl(port->address));
    request_u32(request, IFA_ADDRESS, htonl(port->address));
}

void ports_make(struct patch *patch, struct request *request, struct port *ports, int count) {
    int id = netnsid(patch, request, ports->pod->netns);
    take_ifindexes(patch, ports, count);
    for (int i = 0; i < count; i++) {
        ports[i].netnsid = id;
        veth_message(patch, request, &ports[i]);
    }
    netlink_change(patch->socket, request, 0);
    for (int i = 0; i < count; i++) {
        address_message(request, &ports[i]);
    }
    for (int i = 0; i < count; i++) {
        up_message(request, ports[i].pod_ifindex, 1);
    }
    netlink_change(ports->pod->socket, request, 0);
    for (int i = 0; i < count; i++) {
        equipment(request, &ports[i]);
    }
    netlink_change(patch->socket, request, 0);
}

/* What an entry counts is kept. */
static void point(const struct patch *patch, int port, uint32_t target, uint32_t vni, uint32_t remote) {
    struct port_value value = {0};
    map_get(patch->ports, port, &value);
    value.target = target;
    value.vni = vni;
    value.remote[0] = remote;
    map_put(patch->ports, port, &value);
}

void wire_ports(const struct patch *patch, int one, int other) {
    point(patch, one, other, 0, 0);
    point(patch, other, one, 0, 0);
}

void wire_node(const struct patch *patch, int port, int vni) {
    struct tunnel_value value = {0};
    uint32_t remote = 0xc0000202; /* 192.0.2.2 */
    point(patch, port, TUNNEL, vni, remote);
    map_get(patch->tunnels, vni, &value);
    value.port = port;
    value.remote[0] = remote;
    map_put(patch->tunnels, vni, &value);
}

void wire_cut(const struct patch *patch, int port) {
    struct port_value value, back;
    if (map_get(patch->ports, port, &value)) {
        map_remove(patch->ports, port);
        if (map_get(patch->ports, value.target, &back) && back.target == (uint32_t)port) {
            map_remove(patch->ports, value.target);
        }
    }
}

void port_up_message(struct request *request, const struct port *port, int up) {
    up_message(request, port->ifindex, up);
}

void ports_up(struct patch *patch, struct request *request, const struct port *ports, int count, int up) {
    for (int i = 0; i < count; i++) {
        port_up_message(request, &ports[i], up);
    }
    netlink_change(patch->socket, request, 0);
}

void port_settle(struct patch *patch, struct request *request, const struct port *port) {
    struct ifinfomsg *info = request_begin(request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
    info->ifi_index = port->pod_ifindex;
    request_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    request_u32(request, IFLA_TARGET_NETNSID, port->netnsid);
    netlink_query(patch->socket, request);
}

void ports_delete(struct patch *patch, struct request *request, int group) {
    request_begin(request, RTM_DELLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
    request_u32(request, IFLA_GROUP, group);
    netlink_change(patch->socket, request, ENODEV);
}
