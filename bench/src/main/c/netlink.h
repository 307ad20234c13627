/* Just enough rtnetlink for a floor: a request buffer, a socket in a network namespace, and an exchange that must succeed. */
#ifndef MESHNET_BENCH_NETLINK_H
#define MESHNET_BENCH_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

/* The requests of one send; nests are closed by patching their length. */
struct request {
    size_t length;
    size_t message; /* where the message being written begins */
    _Alignas(NLMSG_ALIGNTO) char bytes[200 << 10]; /* net.core.wmem_default is the most that the kernel takes */
};

/* CLOCK_MONOTONIC, in nanoseconds. */
int64_t now(void);

/* Prints to standard error, and ends the process with status 1; the first adds errno's text. */
_Noreturn void die_errno(const char *what);
_Noreturn void die(const char *format, ...);

/* Opens a netlink socket in the caller's namespace; groups are those of bind(2), 0 for none. */
int netlink_open(unsigned groups);

/* The same in the namespace at the descriptor, after which the thread is back in its own. */
int netlink_open_in(int netns, unsigned groups);

void request_clear(struct request *request);

/* Begins a message; NLM_F_REQUEST goes with it always. Its family header follows, zeroed, and is returned. The message before it is
   not acked any more: the kernel tells of a refusal all the same. */
void *request_begin(struct request *request, int type, int flags, size_t header);

void request_put(struct request *request, int type, const void *data, size_t length);
void request_u32(struct request *request, int type, uint32_t value);
void request_text(struct request *request, int type, const char *text);

/* Opens a nest; the result closes it. */
size_t request_nest(struct request *request, int type);
void request_nest_end(struct request *request, size_t nest);

/* Sends what was written and takes the last one's ack; a refusal ends the process, unless it is the one tolerated. */
void netlink_change(int socket, struct request *request, int tolerated);

/* Sends one query that is answered by one message, and returns that. */
struct nlmsghdr *netlink_query(int socket, struct request *request);

#endif
