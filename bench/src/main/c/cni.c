/*
 * Executes a CNI plugin as a container runtime does, several at a time, and tells when each call began and ended.
 *
 *   cni PLUGIN CONFIGURATION CNI_PATH PARALLEL OUTPUT < calls
 *
 * calls     lines of COMMAND POD NETNS; a command is ADD, DEL and so on
 * OUTPUT    a file that what the plugins print is appended to
 * It prints lines of BEGIN END STATUS POD; the times are those of CLOCK_MONOTONIC, in nanoseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct call {
    pid_t pid;
    int64_t begin;
    char pod[128];
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void set(const char *name, const char *format, const char *value) {
    char text[512];
    snprintf(text, sizeof text, format, value, value);
    setenv(name, text, 1);
}

static void start(struct call *call, char **argv, const char *command, const char *netns) {
    extern char **environ;
    char *arguments[] = {argv[1], NULL};
    posix_spawn_file_actions_t files;
    set("CNI_COMMAND", "%s", command);
    set("CNI_CONTAINERID", "bench-%s", call->pod);
    set("CNI_NETNS", "%s", netns);
    set("CNI_IFNAME", "%s", "eth0");
    set("CNI_PATH", "%s", argv[3]);
    set("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=%s;K8S_POD_INFRA_CONTAINER_ID=bench-%s", call->pod);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, argv[2], O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, argv[5], O_WRONLY | O_CREAT | O_APPEND, 0600);
    call->begin = now();
    int error = posix_spawn(&call->pid, argv[1], &files, NULL, arguments, environ);
    if (error) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(error));
        exit(1);
    }
    posix_spawn_file_actions_destroy(&files);
}

/* Waits for one of the calls, and makes its place free. */
static int finish(struct call *calls, int parallel) {
    int status;
    pid_t pid = wait(&status);
    int64_t end = now();
    for (int i = 0; i < parallel; i++) {
        if (calls[i].pid == pid) {
            printf("%ld %ld %d %s\n", (long)calls[i].begin, (long)end, WIFEXITED(status) ? WEXITSTATUS(status) : 255,
                   calls[i].pod);
            calls[i].pid = 0;
            return status != 0;
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: %s PLUGIN CONFIGURATION CNI_PATH PARALLEL OUTPUT < calls\n", argv[0]);
        return 2;
    }
    int parallel = atoi(argv[4]), running = 0, failed = 0;
    struct call *calls = calloc(parallel, sizeof *calls);
    char command[16], pod[128], netns[256];
    while (scanf("%15s %127s %255s", command, pod, netns) == 3) {
        if (running == parallel) {
            failed += finish(calls, parallel);
            running--;
        }
        struct call *call = calls;
        while (call->pid) {
            call++;
        }
        strcpy(call->pod, pod);
        start(call, argv, command, netns);
        running++;
    }
    for (; running > 0; running--) {
        failed += finish(calls, parallel);
    }
    return failed ? 1 : 0;
}
