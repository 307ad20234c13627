/*
 * The floor: what one link costs when nothing but the kernel stands in the way. Runs in the node's network namespace, and prints how
 * long each took, in nanoseconds, one to a line.
 *
 *   floor exchange PREFIX PODS COUNT          a request that means nothing, and its ack
 *   floor veth     PREFIX PODS COUNT PRESENT  a veth, complete, with so many there before
 *   floor vxlan    PREFIX PODS COUNT UNDERLAY an end of a vxlan, complete
 *   floor koko     PREFIX PODS COUNT          a veth as the koko library makes it
 *   floor total    PREFIX PODS COUNT          COUNT veths, at most 500, complete, in as few sends as can be: one number for all
 *   floor unlist   PREFIX PODS COUNT          COUNT veths deleted by group: until neither namespace lists any of them
 *   floor delete   PREFIX PODS COUNT          the same until the last RTM_DELLINK was heard in both namespaces
 *   floor clear    PREFIX PODS                takes away what any of them left
 *
 * With TURNS=N in the environment, whatever prints a time for each measures N at a time: before them and after the last it prints "turn",
 * and goes on with the next line of its input.
 */
#define _GNU_SOURCE
#include "links.h"

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

static struct request request;
static struct pods pods;
static int node;

static void veth(int i) {
    struct end near, far;
    link_ends(&pods, i, &near, &far);
    veth_create(node, &request, &near, &far);
    end_raise(&request, &near);
    end_raise(&request, &far);
}

static int underlay;

static void vxlan(int i) {
    struct end end, other;
    link_ends(&pods, i, &end, &other);
    vxlan_create(node, &request, &end, 5000 + i, underlay);
    end_raise(&request, &end);
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
        group_delete(&pods.pod[i], &request);
    }
}

/* What the JVM needs in order to compile the kernel sees as well: it is no longer the same once it has made and freed a thousand links. */
static void warm_up(void (*work)(int)) {
    for (int i = 0; i < WARM_UP; i++) {
        work(i);
    }
    clear();
}

static void *delete_group(void *pod) {
    struct request own;
    request_clear(&own);
    group_delete(pod, &own);
    return NULL;
}

static struct pollfd monitor(struct pod *pod) {
    int fd = netlink_open_in(pod->netns, RTMGRP_LINK), room = 8 << 20;
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

/* Whether any link is listed in its namespace, asked without the kernel's lock. */
static bool any_listed(int count) {
    for (int i = 0; i < count; i++) {
        struct end near, far;
        link_ends(&pods, 2 * i, &near, &far);
        struct ifreq each = {.ifr_ifindex = near.ifindex}, other = {.ifr_ifindex = far.ifindex};
        if (!ioctl(near.pod->socket, SIOCGIFNAME, &each) || !ioctl(far.pod->socket, SIOCGIFNAME, &other)) {
            return true;
        }
    }
    return false;
}

/* The kernel unlists all links of a request before it tells of the first. */
static void delete(int count, bool until_told) {
    for (int i = 0; i < count; i++) {
        veth(2 * i); /* pod 0 has the near end, pod 1 the far one */
    }
    struct pollfd monitors[2] = {monitor(&pods.pod[0]), monitor(&pods.pod[1])};
    pthread_t deleter;
    int64_t begin = now();
    pthread_create(&deleter, NULL, delete_group, &pods.pod[0]);
    for (int left = 2 * count; left > 0 && (until_told || left == 2 * count || any_listed(count));) {
        if (left > FEW) {
            usleep(left * (until_told ? LEAST : UNLISTING) / 2); /* to be woken for each notification would hold up who sends them */
        } else {
            poll(monitors, 2, -1);
        }
        left -= deletions(monitors[0].fd) + deletions(monitors[1].fd);
    }
    printf("%ld\n", (long)(now() - begin));
    pthread_join(deleter, NULL);
    close(monitors[0].fd);
    close(monitors[1].fd);
}

static void each_end(struct end *ends, int count, struct pod *pod, void (*write)(struct request *, const struct end *)) {
    for (int i = 0; i < count; i++) {
        if (ends[i].pod == pod) {
            write(&request, &ends[i]);
        }
    }
}

/* All links in one send, then the ends of each pod in one: all are given what they are to have before the first goes up. */
static void total(int count) {
    struct end *ends = calloc(2 * count, sizeof *ends);
    int64_t begin = now();
    for (int i = 0; i < count; i++) {
        link_ends(&pods, i, &ends[2 * i], &ends[2 * i + 1]);
        veth_message(&request, &ends[2 * i], &ends[2 * i + 1]);
    }
    netlink_change(node, &request, 0);
    for (struct pod *pod = pods.pod; pod < pods.pod + pods.count; pod++) {
        each_end(ends, 2 * count, pod, prepare_messages);
        each_end(ends, 2 * count, pod, up_message);
        if (request.length) {
            netlink_change(pod->socket, &request, 0);
        }
    }
    printf("%ld\n", (long)(now() - begin));
    free(ends);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        die("usage: %s WORK PREFIX PODS [COUNT [PRESENT | UNDERLAY]]", argv[0]);
    }
    const char *work = argv[1];
    int count = argc > 4 ? atoi(argv[4]) : 0;
    node = netlink_open(0);
    pods = pods_open(argv[2], atoi(argv[3]));
    if (!strcmp(work, "veth")) {
        int present = argc > 5 ? atoi(argv[5]) : 0;
        warm_up(veth);
        for (int i = 0; i < present; i++) {
            veth(i);
        }
        each(veth, present, count);
    } else if (!strcmp(work, "vxlan")) {
        underlay = if_nametoindex(argv[5]);
        warm_up(vxlan);
        each(vxlan, 0, count);
    } else if (!strcmp(work, "koko")) {
        each(koko, 0, count);
    } else if (!strcmp(work, "exchange")) {
        each(exchange, 0, count);
    } else if (!strcmp(work, "total")) {
        total(count);
    } else if (!strcmp(work, "unlist") || !strcmp(work, "delete")) {
        if (pods.count != 2) {
            die("%s needs two pods", work);
        }
        delete(count, !strcmp(work, "delete"));
    } else if (strcmp(work, "clear")) {
        die("%s is no work", work);
    }
    if (strcmp(work, "exchange")) {
        clear();
    }
    return 0;
}
