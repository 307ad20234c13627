/*
 * Tells whether and when frames pass between two pods and back.
 *
 *   frames first FROM_NETNS INTERFACE TO_NETNS SECONDS   sends a frame every 200 microseconds until one has come back
 *   frames each  FROM_NETNS TO_NETNS SECONDS             sends one frame by each interface but loopback
 *
 * Whatever arrives in the second namespace is sent back by the interface that it came by. Both print "watching" first; "each" then waits
 * for a line of its input before it sends. The one prints the CLOCK_MONOTONIC of the first frame that came back, in nanoseconds, the
 * other how many frames were sent and how many came back. Status 1 when the time is over and frames are missing.
 */
#define _GNU_SOURCE
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ETHERTYPE 0x88b5 /* for experiments (IEEE 802) */
#define PERIOD 200       /* microseconds */
#define LOOPBACK 1

struct frame {
    struct ether_header header;
    char kind;
    char rest[45];
} __attribute__((packed));

static void enter(const char *path) {
    int netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0 || setns(netns, CLONE_NEWNET) < 0) {
        die_errno(path);
    }
    close(netns);
}

/* A socket of the caller's namespace that hears frames of our own on all interfaces. */
static int packets(void) {
    int room = 8 << 20, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE));
    if (fd < 0) {
        die_errno("socket AF_PACKET");
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    return fd;
}

static void transmit(int fd, int ifindex, char kind) {
    struct frame frame = {.header = {.ether_dhost = {255, 255, 255, 255, 255, 255},
                                     .ether_shost = {2, 0, 0, 0, 0, 1},
                                     .ether_type = htons(ETHERTYPE)},
                          .kind = kind};
    struct sockaddr_ll by = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE), .sll_ifindex = ifindex};
    sendto(fd, &frame, sizeof frame, 0, (struct sockaddr *)&by, sizeof by); /* what cannot be sent is missing later */
}

/* The interface that the next frame of a kind came by; 0 when there is none yet. */
static int receive(int fd, char kind, int flags) {
    struct frame frame;
    struct sockaddr_ll by;
    socklen_t length = sizeof by;
    ssize_t got;
    while ((got = recvfrom(fd, &frame, sizeof frame, flags, (struct sockaddr *)&by, &length)) >= 0) {
        if (got >= (ssize_t)sizeof(struct ether_header) + 1 && frame.kind == kind) {
            return by.sll_ifindex;
        }
        length = sizeof by;
    }
    if (errno != EAGAIN && errno != ENETDOWN) {
        die_errno("recvfrom");
    }
    return 0;
}

static volatile bool answering;

static void *answer(void *path) {
    enter(path);
    int fd = packets();
    answering = true;
    while (true) {
        int ifindex = receive(fd, 'q', 0);
        if (ifindex) {
            transmit(fd, ifindex, 'a');
        }
    }
    return NULL;
}

static int open_both(const char *from, char *to) {
    pthread_t thread;
    pthread_create(&thread, NULL, answer, to);
    while (!answering) {
        sched_yield();
    }
    enter(from);
    return packets();
}

static void watching(void) {
    puts("watching");
    fflush(stdout);
}

static int first(const char *from, const char *name, char *to, int seconds) {
    int fd = open_both(from, to), ifindex = if_nametoindex(name);
    int64_t deadline = now() + seconds * 1000000000LL;
    if (!ifindex) {
        die_errno(name);
    }
    watching();
    while (now() < deadline) {
        if (receive(fd, 'a', MSG_DONTWAIT)) {
            printf("%ld\n", (long)now());
            return 0;
        }
        transmit(fd, ifindex, 'q');
        usleep(PERIOD);
    }
    die("no frame came back from %s", to);
}

static int each(const char *from, char *to, int seconds) {
    static bool back[1 << 20];
    static struct if_nameindex *interfaces;
    int fd = open_both(from, to), sent = 0, missing;
    watching();
    getchar();
    interfaces = if_nameindex();
    for (struct if_nameindex *each = interfaces; each->if_index; each++) {
        if (each->if_index != LOOPBACK) {
            transmit(fd, each->if_index, 'q');
            sent++;
        }
    }
    missing = sent;
    int64_t deadline = now() + seconds * 1000000000LL;
    while (missing > 0 && now() < deadline) {
        int ifindex = receive(fd, 'a', MSG_DONTWAIT);
        if (ifindex > 0 && ifindex < 1 << 20 && !back[ifindex]) {
            back[ifindex] = true;
            missing--;
        } else if (!ifindex) {
            usleep(PERIOD);
        }
    }
    printf("%d %d\n", sent, sent - missing);
    return missing > 0;
}

int main(int argc, char **argv) {
    if (argc == 6 && !strcmp(argv[1], "first")) {
        return first(argv[2], argv[3], argv[4], atoi(argv[5]));
    }
    if (argc == 5 && !strcmp(argv[1], "each")) {
        return each(argv[2], argv[3], atoi(argv[4]));
    }
    die("usage: %s first FROM_NETNS INTERFACE TO_NETNS SECONDS | each FROM_NETNS TO_NETNS SECONDS", argv[0]);
}
