/*
 * The network card of a guest as a VM-based router has it: a tap that is kept open. Answers ARP requests for one IPv4 address and echo
 * requests to it, in the frames that it is sent.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ARP_SENDER 22
#define ARP_SENDER_IP 28
#define ARP_TARGET 32
#define ARP_TARGET_IP 38
#define IP_SOURCE 26
#define IP_DESTINATION 30
#define ICMP 34

static const unsigned char MAC[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x47};

/* Makes the answer out of the question; 0 when there is none. */
static int answer(unsigned char *frame, ssize_t bytes, const unsigned char *address)
{
    unsigned type = (unsigned)(frame[12] << 8 | frame[13]);
    if (type == ETH_P_ARP && bytes >= 42 && frame[21] == 1 && memcmp(frame + ARP_TARGET_IP, address, 4) == 0) {
        frame[21] = 2;
        memcpy(frame + ARP_TARGET, frame + ARP_SENDER, 10);
        memcpy(frame + ARP_SENDER, MAC, ETH_ALEN);
        memcpy(frame + ARP_SENDER_IP, address, 4);
    } else if (type == ETH_P_IP && bytes >= 42 && frame[14] == 0x45 && frame[23] == 1 && frame[ICMP] == 8
               && memcmp(frame + IP_DESTINATION, address, 4) == 0) {
        uint32_t sum = (uint32_t)(frame[ICMP + 2] << 8 | frame[ICMP + 3]) + 0x0800;
        sum = (sum & 0xffff) + (sum >> 16);
        frame[ICMP] = 0;
        frame[ICMP + 2] = sum >> 8 & 0xff;
        frame[ICMP + 3] = sum & 0xff;
        memcpy(frame + IP_DESTINATION, frame + IP_SOURCE, 4);
        memcpy(frame + IP_SOURCE, address, 4);
    } else {
        return 0;
    }
    memcpy(frame, frame + ETH_ALEN, ETH_ALEN);
    memcpy(frame + ETH_ALEN, MAC, ETH_ALEN);
    return 1;
}

int main(int count, char **words)
{
    unsigned char address[4];
    if (count != 3 || inet_pton(AF_INET, words[2], address) != 1) {
        fprintf(stderr, "usage: guest TAP ADDRESS\n");
        return 2;
    }
    int fd = open("/dev/net/tun", O_RDWR);
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strncpy(request.ifr_name, words[1], IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
        perror(words[1]);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    unsigned char frame[65536];
    ssize_t bytes;
    while ((bytes = read(fd, frame, sizeof frame)) >= 0) {
        if (bytes >= ETH_HLEN && answer(frame, bytes, address) && write(fd, frame, (size_t)bytes) < 0) {
            perror("write");
        }
    }
    perror("read");
    return 1;
}
