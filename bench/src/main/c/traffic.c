/*
 * One measurement of the path between two pods: a client in one namespace, a server in the other, each a thread of this process.
 *
 *   traffic tcp  CLIENT_NETNS SERVER_NETNS SERVER_ADDRESS MILLISECONDS   bytes that arrive in a second, of one stream
 *   traffic udp  CLIENT_NETNS SERVER_NETNS SERVER_ADDRESS MILLISECONDS   datagrams of 64 bytes that arrive in a second
 *   traffic ping CLIENT_NETNS SERVER_NETNS SERVER_ADDRESS MILLISECONDS   median nanoseconds from an ICMP echo request to its reply
 *
 *   traffic cost CLIENT_NETNS SERVER_NETNS SERVER_ADDRESS MILLISECONDS   nanoseconds of the client's processor for each such datagram: the
 *                                                                        system call, and the whole path up to the server's socket
 *
 * It prints one number. Client and server run on processors of their own where there are two.
 */
#define _GNU_SOURCE
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 5201
#define WARM_UP 100 /* milliseconds, of which nothing counts */
#define CHUNK (128 << 10)
#define DATAGRAM 64
#define BATCH 64
#define MOST_PINGS 1000000

static const char *client_netns, *server_netns;
static struct sockaddr_in server;
static int64_t begin, end;
static volatile bool listening;

static void enter(const char *path) {
    int netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0 || setns(netns, CLONE_NEWNET) < 0) {
        die_errno(path);
    }
    close(netns);
}

static void stay_on(int number) {
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (int cpu = 0, left = number; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && left-- == 0) {
            CPU_SET(cpu, &one);
            pthread_setaffinity_np(pthread_self(), sizeof one, &one);
            return;
        }
    }
}

static int require(int result, const char *what) {
    if (result < 0) {
        die_errno(what);
    }
    return result;
}

static int bound(int type) {
    int on = 1, fd = require(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");
    struct timeval patience = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    require(bind(fd, (struct sockaddr *)&server, sizeof server), "bind");
    return fd;
}

/* What arrives between begin and end, in a second. */
static void print_rate(long arrived) {
    printf("%.0f\n", arrived * 1e9 / (end - begin));
}

static void *receive_stream(void *nothing) {
    static char data[CHUNK];
    long arrived = 0;
    ssize_t length;
    enter(server_netns);
    stay_on(1);
    int fd = bound(SOCK_STREAM);
    require(listen(fd, 1), "listen");
    listening = true;
    int stream = require(accept(fd, NULL, NULL), "accept");
    while ((length = recv(stream, data, sizeof data, 0)) > 0) {
        int64_t time = now();
        arrived += time >= begin && time < end ? length : 0;
    }
    print_rate(arrived);
    return nothing;
}

static void send_stream(void) {
    static char data[CHUNK];
    int fd = require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    require(connect(fd, (struct sockaddr *)&server, sizeof server), "connect");
    while (now() < end) {
        require(send(fd, data, sizeof data, MSG_NOSIGNAL), "send");
    }
    close(fd);
}

static void *receive_datagrams(void *nothing) {
    static char data[BATCH][DATAGRAM];
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
    long arrived = 0;
    int room = 8 << 20;
    enter(server_netns);
    stay_on(1);
    int fd = bound(SOCK_DGRAM);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){data[i], DATAGRAM};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
    }
    listening = true;
    while (now() < end) {
        int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0 && errno != EAGAIN) {
            die_errno("recvmmsg");
        }
        int64_t time = now();
        arrived += count > 0 && time >= begin && time < end ? count : 0;
    }
    print_rate(arrived);
    return nothing;
}

static void send_datagrams(void) {
    static char data[DATAGRAM];
    int fd = require(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    require(connect(fd, (struct sockaddr *)&server, sizeof server), "connect");
    while (now() < end + 10000000) { /* so that the server sees the end */
        if (send(fd, data, sizeof data, 0) < 0 && errno != ENOBUFS && errno != ECONNREFUSED) {
            die_errno("send");
        }
    }
    close(fd);
}

static uint16_t checksum(const void *data, int length) {
    const uint16_t *words = data;
    uint32_t sum = 0;
    for (; length > 1; length -= 2) {
        sum += *words++;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum;
}

static int compare(const void *one, const void *other) {
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return a < b ? -1 : a > b;
}

static int64_t processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Nobody reads what arrives: a socket that is full drops it, and no thread is woken. */
static void cost(void) {
    static char data[DATAGRAM];
    long sent = 0;
    enter(server_netns);
    bound(SOCK_DGRAM);
    enter(client_netns);
    int fd = require(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    require(connect(fd, (struct sockaddr *)&server, sizeof server), "connect");
    int64_t before = processor_time();
    for (; now() < end; sent++) {
        for (int i = 0; i < BATCH; i++) {
            send(fd, data, sizeof data, 0);
        }
    }
    printf("%.0f\n", (double)(processor_time() - before) / (sent * BATCH));
}

static void ping(void) {
    static int64_t took[MOST_PINGS];
    char request[DATAGRAM] = {0}, reply[256];
    int count = 0, fd = require(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), "socket");
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    struct sockaddr_in target = server;
    target.sin_port = 0;
    require(connect(fd, (struct sockaddr *)&target, sizeof target), "connect");
    for (uint16_t sequence = 1; now() < end && count < MOST_PINGS; sequence++) {
        struct icmphdr *header = (void *)request, *answer;
        *header = (struct icmphdr){.type = ICMP_ECHO, .un.echo = {.id = htons(1), .sequence = htons(sequence)}};
        header->checksum = checksum(request, sizeof request);
        int64_t sent = now();
        require(send(fd, request, sizeof request, 0), "send");
        do {
            if (recv(fd, reply, sizeof reply, 0) < 0) {
                die_errno("no reply");
            }
            answer = (void *)(reply + 4 * ((struct iphdr *)reply)->ihl);
        } while (answer->type != ICMP_ECHOREPLY || answer->un.echo.sequence != htons(sequence));
        if (sent >= begin) {
            took[count++] = now() - sent;
        }
    }
    qsort(took, count, sizeof *took, compare);
    printf("%ld\n", (long)took[count / 2]);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        die("usage: %s tcp|udp|ping|cost CLIENT_NETNS SERVER_NETNS SERVER_ADDRESS MILLISECONDS", argv[0]);
    }
    pthread_t thread;
    void *(*receiver)(void *) = !strcmp(argv[1], "tcp") ? receive_stream : !strcmp(argv[1], "udp") ? receive_datagrams : NULL;
    client_netns = argv[2];
    server_netns = argv[3];
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
    if (inet_pton(AF_INET, argv[4], &server.sin_addr) != 1) {
        die("%s is no IPv4 address", argv[4]);
    }
    begin = now() + WARM_UP * 1000000LL;
    end = begin + atoi(argv[5]) * 1000000LL;
    if (receiver) {
        pthread_create(&thread, NULL, receiver, NULL);
        while (!listening) {
            sched_yield();
        }
    }
    enter(argv[2]);
    stay_on(0);
    if (!receiver) {
        !strcmp(argv[1], "cost") ? cost() : ping();
        return 0;
    }
    receiver == receive_stream ? send_stream() : send_datagrams();
    pthread_join(thread, NULL);
    return 0;
}
