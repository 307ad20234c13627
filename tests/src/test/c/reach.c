/*
 * Lists, makes and deletes devices in another namespace. The kernel lets a process do so that has a device with a peer there: the process
 * names the namespace by its id (IFLA_TARGET_NETNSID), which it sees as link-netnsid of that device.
 *
 *     reach list NSID                            a line for each device: index and name
 *     reach delete NSID INDEX
 *     reach bridge NSID NAME
 *     reach veth NSID INDEX GROUP NAME PEER      makes a veth, whose other end PEER is in the own namespace
 *     reach move NSID OWN INDEX GROUP NAME ALIAS moves a device of the own namespace there, and sets it up
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
    struct nlmsghdr head;
    struct ifinfomsg link;
    char attributes[2048];
};

static struct request message;

static struct rtattr *put(unsigned short type, const void *data, size_t length)
{
    struct rtattr *attribute = (struct rtattr *)((char *)&message + NLMSG_ALIGN(message.head.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    memcpy(RTA_DATA(attribute), data, length);
    message.head.nlmsg_len = NLMSG_ALIGN(message.head.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static struct rtattr *open_nest(unsigned short type)
{
    return put(type, "", 0);
}

static void close_nest(struct rtattr *nest)
{
    nest->rta_len = (unsigned short)((char *)&message + message.head.nlmsg_len - (char *)nest);
}

static void put_number(unsigned short type, unsigned value)
{
    put(type, &value, sizeof value);
}

static void put_text(unsigned short type, const char *text)
{
    put(type, text, strlen(text) + 1);
}

static void begin(unsigned short type, unsigned short flags, const char *nsid, int ifindex)
{
    message.head = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof message.link),
                                     .nlmsg_type = type,
                                     .nlmsg_flags = NLM_F_REQUEST | flags,
                                     .nlmsg_seq = 1};
    message.link = (struct ifinfomsg){.ifi_index = ifindex};
    put_number(IFLA_TARGET_NETNSID, (unsigned)atoi(nsid));
}

static void put_kind(const char *kind, const char *peer)
{
    struct rtattr *info = open_nest(IFLA_LINKINFO);
    put_text(IFLA_INFO_KIND, kind);
    if (peer != NULL) {
        struct rtattr *data = open_nest(IFLA_INFO_DATA);
        struct ifinfomsg own = {0};
        struct rtattr *other = put(VETH_INFO_PEER, &own, sizeof own);
        put_text(IFLA_IFNAME, peer);
        put_number(IFLA_NET_NS_PID, (unsigned)getpid());
        close_nest(other);
        close_nest(data);
    }
    close_nest(info);
}

static void show(struct nlmsghdr *answer)
{
    struct ifinfomsg *link = NLMSG_DATA(answer);
    int left = (int)IFLA_PAYLOAD(answer);
    for (struct rtattr *each = IFLA_RTA(link); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
        if (each->rta_type == IFLA_IFNAME) {
            printf("%d %s\n", link->ifi_index, (char *)RTA_DATA(each));
        }
    }
}

/* Sends the message, and shows what comes until it is acknowledged or refused. */
static int run(void)
{
    static char buffer[1 << 18];
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (fd < 0 || send(fd, &message, message.head.nlmsg_len, 0) < 0) {
        perror("netlink");
        return 1;
    }
    for (;;) {
        ssize_t bytes = recv(fd, buffer, sizeof buffer, 0);
        if (bytes < 0) {
            perror("netlink");
            return 1;
        }
        int left = (int)bytes;
        for (struct nlmsghdr *each = (struct nlmsghdr *)buffer; NLMSG_OK(each, left); each = NLMSG_NEXT(each, left)) {
            if (each->nlmsg_type == RTM_NEWLINK) {
                show(each);
            } else if (each->nlmsg_type == NLMSG_DONE || each->nlmsg_type == NLMSG_ERROR) {
                // Both begin with the errno, negative.
                int error = -*(int *)NLMSG_DATA(each);
                if (error != 0) {
                    fprintf(stderr, "%s\n", strerrorname_np(error));
                }
                return error == 0 ? 0 : 1;
            }
        }
    }
}

static int move(char **words)
{
    begin(RTM_SETLINK, NLM_F_ACK, words[2], (int)if_nametoindex(words[3]));
    message.link.ifi_change = IFF_UP;
    message.link.ifi_flags = IFF_UP;
    put_number(IFLA_NEW_IFINDEX, (unsigned)strtoul(words[4], NULL, 10));
    put_number(IFLA_GROUP, (unsigned)strtoul(words[5], NULL, 10));
    put_text(IFLA_IFNAME, words[6]);
    put(IFLA_IFALIAS, words[7], strlen(words[7]));
    return run();
}

static int make(const char *kind, char **words, int ifindex, const char *group, const char *name, const char *peer)
{
    begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, words[2], ifindex);
    put_text(IFLA_IFNAME, name);
    put_number(IFLA_GROUP, (unsigned)strtoul(group, NULL, 10));
    put_kind(kind, peer);
    return run();
}

int main(int count, char **words)
{
    const char *what = count > 2 ? words[1] : "";
    if (strcmp(what, "list") == 0) {
        begin(RTM_GETLINK, NLM_F_DUMP, words[2], 0);
        return run();
    }
    if (strcmp(what, "delete") == 0 && count == 4) {
        begin(RTM_DELLINK, NLM_F_ACK, words[2], atoi(words[3]));
        return run();
    }
    if (strcmp(what, "move") == 0 && count == 8) {
        return move(words);
    }
    if (strcmp(what, "veth") == 0 && count == 7) {
        return make("veth", words, atoi(words[3]), words[4], words[5], words[6]);
    }
    if (strcmp(what, "bridge") == 0 && count == 4) {
        return make("bridge", words, 0, "0", words[3], NULL);
    }
    fprintf(stderr, "usage: reach list|delete|bridge|veth|move NSID ...\n");
    return 2;
}
