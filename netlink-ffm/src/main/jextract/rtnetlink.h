/*
 * What io.meshnet.netlink uses of libc and of the kernel's user space headers: the input of jextract.
 *
 * _GNU_SOURCE stays undefined: with it glibc gives bind and sendto transparent unions, which do not compile when filtered.
 */
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include <linux/fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>

/*
 * sched.h has setns only with _GNU_SOURCE. open and ioctl are variadic in C, and jextract hides the descriptor of such a function;
 * Native links these two as variadic functions called without a variadic argument (Linker.Option.firstVariadicArg).
 */
int setns(int fd, int nstype);
int open(const char *path, int flags);
int ioctl(int fd, unsigned long request);
