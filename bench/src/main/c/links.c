#define _GNU_SOURCE
#include "links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_IFINDEX 100000

struct pods pods_open(const char *prefix, int count) {
    struct pods pods = {.count = count, .pod = calloc(count, sizeof(struct pod))};
    for (int i = 0; i < count; i++) {
        char path[256];
        snprintf(path, sizeof path, "/run/netns/%s%d", prefix, i);
        pods.pod[i].netns = open(path, O_RDONLY | O_CLOEXEC);
        if (pods.pod[i].netns < 0) {
            die_errno(path);
        }
        pods.pod[i].socket = netlink_open_in(pods.pod[i].netns, 0);
    }
    return pods;
}

static void fill(struct end *end, struct pod *pod, int i, int side) {
    end->pod = pod;
    end->ifindex = FIRST_IFINDEX + 2 * i + side;
    end->address = 0x0a000000 + ((uint32_t)i << 2) + 1 + side;
    snprintf(end->name, sizeof end->name, "%c%d", 'a' + side, i);
}

void link_ends(struct pods *pods, int i, struct end *near, struct end *far) {
    int first = i % pods->count;
    int second = (first + 1 + i / pods->count % (pods->count - 1)) % pods->count;
    fill(near, &pods->pod[first], i, 0);
    fill(far, &pods->pod[second], i, 1);
}

static struct ifinfomsg *new_link(struct request *request, int ifindex) {
    struct ifinfomsg *info =
        request_begin(request, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
    info->ifi_index = ifindex;
    return info;
}

static struct ifinfomsg *set_link(struct request *request, int ifindex) {
    struct ifinfomsg *info = request_begin(request, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
    info->ifi_index = ifindex;
    return info;
}

static void set_up(struct request *request, int ifindex) {
    struct ifinfomsg *info = set_link(request, ifindex);
    info->ifi_flags = IFF_UP;
    info->ifi_change = IFF_UP;
}

static void put_peer_info(struct request *request, int ifindex) {
    struct ifinfomsg info = {.ifi_index = ifindex};
    memcpy(request->bytes + request->length, &info, sizeof info);
    request->length += sizeof info;
}

static void add_address(struct request *request, const struct end *end, int ifindex) {
    struct ifaddrmsg *message =
        request_begin(request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifaddrmsg));
    message->ifa_family = AF_INET;
    message->ifa_prefixlen = 30;
    message->ifa_index = ifindex;
    request_u32(request, IFA_LOCAL, htonl(end->address));
    request_u32(request, IFA_ADDRESS, htonl(end->address));
}

void group_delete_message(struct request *request) {
    request_begin(request, RTM_DELLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
    request_u32(request, IFLA_GROUP, GROUP);
}

void group_delete(struct pod *pod, struct request *request) {
    group_delete_message(request);
    netlink_change(pod->socket, request, ENODEV);
}

static int find(int socket, struct request *request, const char *name) {
    request_begin(request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
    request_text(request, IFLA_IFNAME, name);
    struct ifinfomsg *info = NLMSG_DATA(netlink_query(socket, request));
    return info->ifi_index;
}

static void koko_move(int node, struct request *request, const char *name, const struct end *end) {
    set_link(request, find(node, request, name));
    request_u32(request, IFLA_NET_NS_FD, end->pod->netns);
    netlink_change(node, request, 0);
    int socket = end->pod->socket;
    int ifindex = find(socket, request, name);
    set_link(request, ifindex);
    request_text(request, IFLA_IFNAME, end->name);
    netlink_change(socket, request, 0);
    set_up(request, ifindex);
    netlink_change(socket, request, 0);
    add_address(request, end, ifindex);
    netlink_change(socket, request, 0);
}

void koko_create(int node, struct request *request, const struct end *near, const struct end *far) {
    char names[2][16];
    snprintf(names[0], sizeof names[0], "k%d", near->ifindex);
    snprintf(names[1], sizeof names[1], "k%d", far->ifindex);
    new_link(request, 0);
    request_text(request, IFLA_IFNAME, names[0]);
    request_u32(request, IFLA_GROUP, GROUP);
    size_t info = request_nest(request, IFLA_LINKINFO);
    request_text(request, IFLA_INFO_KIND, "veth");
    size_t data = request_nest(request, IFLA_INFO_DATA);
    size_t peer = request_nest(request, VETH_INFO_PEER);
    put_peer_info(request, 0);
    request_text(request, IFLA_IFNAME, names[1]);
    request_u32(request, IFLA_GROUP, GROUP);
    request_nest_end(request, peer);
    request_nest_end(request, data);
    request_nest_end(request, info);
    netlink_change(node, request, 0);
    koko_move(node, request, names[0], near);
    koko_move(node, request, names[1], far);
}
