/* A CNI plugin that does nothing, so that what is measured is not the delegate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    const char *command = getenv("CNI_COMMAND");
    if (command && !strcmp(command, "ADD")) {
        puts("{\"cniVersion\":\"1.0.0\",\"interfaces\":[],\"ips\":[],\"dns\":{}}");
    }
    return 0;
}
