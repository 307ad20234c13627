/*
 * Prints a line for every frame that an interface receives, until it is ended: ethertype, length, source MAC and the text of the payload
 * of frames of the tests' own ethertype. The socket is opened once and kept.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TESTS_OWN 0x88b5

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: capture INTERFACE\n");
        return 2;
    }
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(words[1])};
    if (fd < 0 || at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        perror(words[1]);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        unsigned char frame[65536];
        struct sockaddr_ll from;
        socklen_t length = sizeof from;
        ssize_t bytes = recvfrom(fd, frame, sizeof frame, 0, (struct sockaddr *)&from, &length);
        if (bytes < 0) {
            printf("error %s\n", strerror(errno));
            fflush(stdout);
            if (errno != ENETDOWN) {
                return 1;
            }
            continue;
        }
        if (bytes < ETH_HLEN || from.sll_pkttype == PACKET_OUTGOING) {
            continue;
        }
        unsigned type = (unsigned)(frame[12] << 8 | frame[13]);
        printf("frame %04x %zd %02x:%02x:%02x:%02x:%02x:%02x ", type, bytes, frame[6], frame[7], frame[8], frame[9],
               frame[10], frame[11]);
        for (ssize_t i = ETH_HLEN; type == TESTS_OWN && i < bytes && isprint(frame[i]); i++) {
            putchar(frame[i]);
        }
        putchar('\n');
        fflush(stdout);
    }
}
