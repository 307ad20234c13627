/*
 * Waits until every pod has as many links up and with carrier as it shall have, and tells when that was.
 *
 *   uplinks SECONDS < pods
 *
 * pods      lines of COUNT NETNS
 * It prints "watching" once it hears of everything, then the CLOCK_MONOTONIC of the last link, in nanoseconds. Loopback does not
 * count. Status 1 when the time is over first.
 */
#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_PODS 4096
#define LOOPBACK 1
#define CARRIES (IFF_UP | IFF_RUNNING)

struct watched {
    int monitor;
    int wanted;
    int up;
    int *ifindex; /* of those that are up */
};

static struct watched pods[MOST_PODS];
static int count;
static long missing;

static void note(struct watched *pod, struct ifinfomsg *info) {
    if (info->ifi_family != AF_UNSPEC || info->ifi_index == LOOPBACK || (info->ifi_flags & CARRIES) != CARRIES) {
        return;
    }
    for (int i = 0; i < pod->up; i++) {
        if (pod->ifindex[i] == info->ifi_index) {
            return;
        }
    }
    if (pod->up < pod->wanted) {
        pod->ifindex[pod->up++] = info->ifi_index;
        missing--;
    }
}

static void dump(struct watched *pod) {
    struct request request;
    request_clear(&request);
    request_begin(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
    if (send(pod->monitor, request.bytes, request.length, 0) < 0) {
        die_errno("send");
    }
}

static void hear(struct watched *pod) {
    static char heard[1 << 16] __attribute__((aligned(NLMSG_ALIGNTO)));
    int length;
    while ((length = recv(pod->monitor, heard, sizeof heard, MSG_DONTWAIT)) > 0) {
        for (struct nlmsghdr *message = (void *)heard; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
            if (message->nlmsg_type == RTM_NEWLINK) {
                note(pod, NLMSG_DATA(message));
            }
        }
    }
    if (length < 0 && errno == ENOBUFS) {
        dump(pod); /* something was lost: look at everything anew */
    } else if (length < 0 && errno != EAGAIN) {
        die_errno("recv");
    }
}

static void watch(int epoll, const char *path, int wanted) {
    int netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0) {
        die_errno(path);
    }
    if (count == MOST_PODS) {
        die("more than %d pods", MOST_PODS);
    }
    struct watched *pod = &pods[count];
    *pod = (struct watched){netlink_open_in(netns, RTMGRP_LINK), wanted, 0, calloc(wanted + 1, sizeof(int))};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = count++};
    epoll_ctl(epoll, EPOLL_CTL_ADD, pod->monitor, &event);
    close(netns);
    missing += wanted;
    dump(pod);
}

int main(int argc, char **argv) {
    int64_t deadline = now() + (argc > 1 ? atoi(argv[1]) : 60) * 1000000000LL;
    struct rlimit files = {MOST_PODS + 64, MOST_PODS + 64};
    setrlimit(RLIMIT_NOFILE, &files);
    int epoll = epoll_create1(EPOLL_CLOEXEC), wanted;
    char path[256];
    while (scanf("%d %255s", &wanted, path) == 2) {
        watch(epoll, path, wanted);
    }
    puts("watching");
    fflush(stdout);
    int64_t last = now();
    while (missing > 0 && now() < deadline) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, 100);
        long before = missing;
        for (int i = 0; i < ready; i++) {
            hear(&pods[events[i].data.u32]);
        }
        last = missing < before ? now() : last;
    }
    if (missing > 0) {
        die("%ld links are not up", missing);
    }
    printf("%ld\n", (long)last);
    return 0;
}
