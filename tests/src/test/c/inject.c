/*
 * Sends one broadcast frame of the tests' own ethertype, with a text for payload: out of an interface, or as the payload of a vxlan packet
 * to UDP port 4789 of a host, as any host of the underlay can.
 *
 *     inject frame INTERFACE TEXT
 *     inject vxlan ADDRESS VNI TEXT
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TESTS_OWN 0x88b5
#define VXLAN_PORT 4789
#define VXLAN_HEADER 8
#define SHORTEST 60

static size_t build(unsigned char *frame, const char *text)
{
    static const unsigned char source[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x66};
    size_t length = strlen(text);
    memset(frame, 0, SHORTEST);
    memset(frame, 0xff, ETH_ALEN);
    memcpy(frame + ETH_ALEN, source, ETH_ALEN);
    frame[12] = TESTS_OWN >> 8;
    frame[13] = TESTS_OWN & 0xff;
    memcpy(frame + ETH_HLEN, text, length);
    return length + ETH_HLEN < SHORTEST ? SHORTEST : length + ETH_HLEN;
}

static int send_frame(const char *ifname, const char *text)
{
    unsigned char frame[2048];
    size_t length = build(frame, text);
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(ifname)};
    if (fd < 0 || sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof to) < 0) {
        perror(ifname);
        return 1;
    }
    return 0;
}

static int send_vxlan(const char *address, unsigned vni, const char *text)
{
    unsigned char packet[2048] = {0x08, 0, 0, 0, vni >> 16 & 0xff, vni >> 8 & 0xff, vni & 0xff, 0};
    size_t length = VXLAN_HEADER + build(packet + VXLAN_HEADER, text);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(VXLAN_PORT)};
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || fd < 0
        || sendto(fd, packet, length, 0, (struct sockaddr *)&to, sizeof to) < 0) {
        perror(address);
        return 1;
    }
    return 0;
}

int main(int count, char **words)
{
    if (count == 4 && strcmp(words[1], "frame") == 0 && strlen(words[3]) < 1024) {
        return send_frame(words[2], words[3]);
    }
    if (count == 5 && strcmp(words[1], "vxlan") == 0 && strlen(words[4]) < 1024) {
        return send_vxlan(words[2], (unsigned)strtoul(words[3], NULL, 10), words[4]);
    }
    fprintf(stderr, "usage: inject frame INTERFACE TEXT | inject vxlan ADDRESS VNI TEXT\n");
    return 2;
}
