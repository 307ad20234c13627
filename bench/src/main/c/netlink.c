#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static _Thread_local char answer[1 << 16] __attribute__((aligned(NLMSG_ALIGNTO)));
static _Thread_local uint32_t sequence;

int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

void die_errno(const char *what) {
    die("%s: %s", what, strerror(errno));
}

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

int netlink_open(unsigned groups) {
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int on = 1;
    int room = groups ? 32 << 20 : 1 << 20;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        die_errno("socket");
    }
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        die_errno("bind");
    }
    return fd;
}

int netlink_open_in(int netns, unsigned groups) {
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(netns, CLONE_NEWNET) < 0) {
        die_errno("enter a network namespace");
    }
    int fd = netlink_open(groups);
    if (setns(own, CLONE_NEWNET) < 0) {
        die_errno("leave a network namespace");
    }
    close(own);
    return fd;
}

void request_clear(struct request *request) {
    request->length = 0;
}

static void *extend(struct request *request, size_t length) {
    size_t padded = NLMSG_ALIGN(length);
    if (request->length + padded > sizeof request->bytes) {
        die("the requests are longer than %zu bytes", sizeof request->bytes);
    }
    void *begin = memset(request->bytes + request->length, 0, padded);
    request->length += padded;
    ((struct nlmsghdr *)(request->bytes + request->message))->nlmsg_len = request->length - request->message;
    return begin;
}

void *request_begin(struct request *request, int type, int flags, size_t header) {
    if (request->length) {
        ((struct nlmsghdr *)(request->bytes + request->message))->nlmsg_flags &= ~NLM_F_ACK;
    }
    request->message = request->length;
    struct nlmsghdr *message = extend(request, NLMSG_HDRLEN);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nlmsg_seq = ++sequence;
    return extend(request, header);
}

void request_put(struct request *request, int type, const void *data, size_t length) {
    struct nlattr *attribute = extend(request, NLA_HDRLEN + length);
    attribute->nla_type = type;
    attribute->nla_len = NLA_HDRLEN + length;
    memcpy((char *)attribute + NLA_HDRLEN, data, length);
}

void request_u32(struct request *request, int type, uint32_t value) {
    request_put(request, type, &value, sizeof value);
}

void request_text(struct request *request, int type, const char *text) {
    request_put(request, type, text, strlen(text) + 1);
}

size_t request_nest(struct request *request, int type) {
    size_t nest = request->length;
    struct nlattr *attribute = extend(request, NLA_HDRLEN);
    attribute->nla_type = type;
    return nest;
}

void request_nest_end(struct request *request, size_t nest) {
    ((struct nlattr *)(request->bytes + nest))->nla_len = request->length - nest;
}

static int receive(int socket) {
    int length;
    do {
        length = recv(socket, answer, sizeof answer, 0);
    } while (length < 0 && errno == EINTR);
    if (length < 0) {
        die_errno("recv");
    }
    return length;
}

static void transmit(int socket, struct request *request) {
    if (send(socket, request->bytes, request->length, 0) != (ssize_t)request->length) {
        die_errno("send");
    }
}

static void require_success(struct nlmsghdr *message, int tolerated) {
    struct nlmsgerr *error = NLMSG_DATA(message);
    if (error->error && error->error != -tolerated) {
        die("the kernel refused a message of type %d: %s", error->msg.nlmsg_type, strerror(-error->error));
    }
}

void netlink_change(int socket, struct request *request, int tolerated) {
    transmit(socket, request);
    for (bool acked = false; !acked;) {
        int length = receive(socket);
        for (struct nlmsghdr *each = (void *)answer; NLMSG_OK(each, length); each = NLMSG_NEXT(each, length)) {
            if (each->nlmsg_type == NLMSG_ERROR) {
                require_success(each, tolerated);
                acked = each->nlmsg_seq == sequence;
            }
        }
    }
    request_clear(request);
}

struct nlmsghdr *netlink_query(int socket, struct request *request) {
    transmit(socket, request);
    request_clear(request);
    receive(socket);
    struct nlmsghdr *message = (void *)answer;
    if (message->nlmsg_type == NLMSG_ERROR) {
        require_success(message, 0);
    }
    return message;
}
