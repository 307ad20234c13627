/*
 * The floor: what a port and its wire cost when nothing but the kernel stands in the way. Runs in the node's network namespace, and
 * prints how long each took, in nanoseconds, one to a line.
 *
 *   floor exchange PREFIX PODS COUNT          a request that means nothing, and its ack
 *   floor port     PREFIX PODS COUNT PRESENT  a port with a wire to another node, complete, with so many there before
 *   floor wire     PREFIX PODS COUNT          a wire between two ports that are there
 *   floor koko     PREFIX PODS COUNT          a veth as the koko library makes it
 *   floor total    PREFIX PODS COUNT          COUNT ports of a pod, at most 500, wired to those of another, in as few sends as can be:
 *                                             one number for all
 *   floor unlist   PREFIX PODS COUNT          COUNT ports of a pod deleted by group: until no namespace lists any of them
 *   floor delete   PREFIX PODS COUNT          until the last RTM_DELLINK was heard, and the ports that they were wired to are down
 *   floor down     PREFIX PODS COUNT          COUNT ports that carry, set down in one send: one number for all
 *   floor clear    PREFIX PODS                takes away what koko's way and other tools left
 *
 * With TURNS=N in the environment, whatever prints a time for each measures N at a time: before them and after the last it prints "turn",
 * and goes on with the next line of its input.
 */
#define _GNU_SOURCE
#include "ports.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WARM_UP 1000
#define UNLISTING 10 /* microseconds, a tenth of what it takes until one of many is unlisted, along with all the others */
#define LEAST 50     /* less than it takes to delete one link of many */
#define FEW 8        /* the last ends are waited for */
#define FIRST_VNI 5000
#define FIRST_PORT (1 << 24)

static struct request request;
static struct pods pods;
static struct patch patch;
static int node;

static void port(int i) {
    struct port port = port_of(&pods, i % pods.count, i);
    ports_make(&patch, &request, &port, 1);
    wire_node(&patch, port.ifindex, FIRST_VNI + i);
    ports_up(&patch, &request, &port, 1, 1);
    port_settle(&patch, &request, &port);
}

static void wire(int i) {
    (void)i;
    wire_ports(&patch, FIRST_PORT, FIRST_PORT + 1);
}

static void koko(int i) {
    struct end near, far;
    link_ends(&pods, i, &near, &far);
    koko_create(node, &request, &near, &far);
}

static void exchange(int i) {
    (void)i;
    request_begin(&request, NLMSG_NOOP, NLM_F_ACK, sizeof(struct ifinfomsg));
    netlink_change(node, &request, 0);
}

/* Says that it is somebody else's turn, and waits until it is its own again. */
static void await_turn(void) {
    puts("turn");
    fflush(stdout);
    getchar();
}

static void each(void (*work)(int), int first, int count) {
    const char *turns = getenv("TURNS");
    int turn = turns ? atoi(turns) : 0;
    int64_t *took = calloc(count, sizeof *took);
    for (int i = 0; i < count; i++) {
        if (turn && i % turn == 0) {
            await_turn();
        }
        int64_t begin = now();
        work(first + i);
        took[i] = now() - begin;
    }
    if (turn) {
        await_turn();
    }
    for (int i = 0; i < count; i++) {
        printf("%ld\n", (long)took[i]);
    }
    free(took);
}

static void clear(void) {
    for (int i = 0; i < pods.count; i++) {
        ports_delete(&patch, &request, i + 1);
    }
}

static void clear_pods(void) {
    for (int i = 0; i < pods.count; i++) {
        group_delete(&pods.pod[i], &request);
    }
}

/* What the JVM needs in order to compile the kernel sees as well: it is no longer the same once it has made and freed a thousand ports. */
static void warm_up(void (*work)(int)) {
    for (int i = 0; i < WARM_UP; i++) {
        work(i);
    }
    clear();
}

static void *delete_group(void *group) {
    struct request own;
    request_clear(&own);
    ports_delete(&patch, &own, *(int *)group);
    return NULL;
}

static struct pollfd monitor(int netns) {
    int fd = netlink_open_in(netns, RTMGRP_LINK), room = 8 << 20;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0) {
        die_errno("setsockopt SO_RCVBUFFORCE");
    }
    return (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Takes all that a monitor has heard; the number of links that went. */
static int deletions(int monitor) {
    static char heard[1 << 16] __attribute__((aligned(NLMSG_ALIGNTO)));
    int length, gone = 0;
    while ((length = recv(monitor, heard, sizeof heard, MSG_DONTWAIT)) > 0) {
        for (struct nlmsghdr *message = (void *)heard; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
            struct ifinfomsg *info = NLMSG_DATA(message);
            gone += message->nlmsg_type == RTM_DELLINK && info->ifi_family == AF_UNSPEC;
        }
    }
    if (length < 0 && errno != EAGAIN) {
        die_errno("recv of notifications");
    }
    return gone;
}

/* Whether any port is listed at either end, asked without the kernel's lock. */
static bool any_listed(const struct port *ports, int count) {
    for (int i = 0; i < count; i++) {
        struct ifreq each = {.ifr_ifindex = ports[i].ifindex}, other = {.ifr_ifindex = ports[i].pod_ifindex};
        if (!ioctl(patch.socket, SIOCGIFNAME, &each) || !ioctl(ports[i].pod->socket, SIOCGIFNAME, &other)) {
            return true;
        }
    }
    return false;
}

/* So many ports of a pod, without wires. */
static struct port *ports_of(int pod, int count) {
    struct port *ports = calloc(count, sizeof *ports);
    for (int i = 0; i < count; i++) {
        ports[i] = port_of(&pods, pod, i);
    }
    ports_make(&patch, &request, ports, count);
    return ports;
}

/* Joins each port of one pod with one of another, and has all of them carry frames. */
static void join(struct port *near, struct port *far, int count) {
    for (int i = 0; i < count; i++) {
        wire_ports(&patch, near[i].ifindex, far[i].ifindex);
    }
    for (int i = 0; i < count; i++) {
        port_up_message(&request, &near[i], 1);
        port_up_message(&request, &far[i], 1);
    }
    netlink_change(patch.socket, &request, 0);
    for (int i = 0; i < count; i++) {
        port_settle(&patch, &request, &near[i]);
        port_settle(&patch, &request, &far[i]);
    }
}

/* The kernel unlists all links of a request before it tells of the first. */
static void delete(int count, bool until_told) {
    struct port *near = ports_of(0, count), *far = ports_of(1, count);
    join(near, far, count);
    struct pollfd monitors[2] = {monitor(patch.netns), monitor(pods.pod[0].netns)};
    pthread_t deleter;
    int64_t begin = now();
    for (int i = 0; i < count; i++) {
        wire_cut(&patch, near[i].ifindex);
    }
    pthread_create(&deleter, NULL, delete_group, &near->group);
    for (int left = 2 * count; left > 0 && (until_told || left == 2 * count || any_listed(near, count));) {
        if (left > FEW) {
            usleep(left * (until_told ? LEAST : UNLISTING) / 2); /* to be woken for each notification would hold up who sends them */
        } else {
            poll(monitors, 2, -1);
        }
        left -= deletions(monitors[0].fd) + deletions(monitors[1].fd);
    }
    if (until_told) {
        ports_up(&patch, &request, far, count, 0);
    }
    printf("%ld\n", (long)(now() - begin));
    pthread_join(deleter, NULL);
    close(monitors[0].fd);
    close(monitors[1].fd);
    free(near);
    free(far);
}

static void down(int count) {
    struct port *near = ports_of(0, count), *far = ports_of(1, count);
    join(near, far, count);
    int64_t begin = now();
    ports_up(&patch, &request, far, count, 0);
    printf("%ld\n", (long)(now() - begin));
    free(near);
    free(far);
}

static void total(int count) {
    struct port *far = ports_of(1, count);
    int64_t begin = now();
    struct port *near = ports_of(0, count);
    join(near, far, count);
    printf("%ld\n", (long)(now() - begin));
    free(near);
    free(far);
}

/* The work on ports of two pods, which prints one number. */
static void between_two(const char *work, int count) {
    if (pods.count != 2) {
        die("%s needs two pods", work);
    }
    if (!strcmp(work, "total")) {
        total(count);
    } else if (!strcmp(work, "down")) {
        down(count);
    } else if (!strcmp(work, "unlist") || !strcmp(work, "delete")) {
        delete(count, !strcmp(work, "delete"));
    } else {
        die("%s is no work", work);
    }
}

int main(int argc, char **argv) {
    if (argc < 4) {
        die("usage: %s WORK PREFIX PODS [COUNT [PRESENT]]", argv[0]);
    }
    const char *work = argv[1];
    int count = argc > 4 ? atoi(argv[4]) : 0;
    int present = argc > 5 ? atoi(argv[5]) : 0;
    node = netlink_open(0);
    pods = pods_open(argv[2], atoi(argv[3]));
    if (!strcmp(work, "exchange")) {
        each(exchange, 0, count);
        return 0;
    }
    if (!strcmp(work, "koko") || !strcmp(work, "clear")) {
        each(koko, 0, count);
        clear_pods();
        return 0;
    }
    patch = patch_open(argv[2]);
    if (!strcmp(work, "port")) {
        warm_up(port);
        for (int i = 0; i < present; i++) {
            port(i);
        }
        each(port, present, count);
    } else if (!strcmp(work, "wire")) {
        each(wire, 0, count);
    } else {
        between_two(work, count);
    }
    clear();
    return 0;
}
