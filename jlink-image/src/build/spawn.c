/*
 * Times processes as a runtime sees them: prints the microseconds from before the first starts until the last has ended, and
 * the microseconds of processor time that they took together.
 *
 * usage: spawn AT_ONCE INPUT PROGRAM [ARGUMENT]...
 *
 * Each reads the file INPUT as its standard input, writes to /dev/null, and has a CNI_CONTAINERID of its own. Exits with 1
 * when one of them does not exit with 0.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static long long processor_time(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

int main(int count, char **arguments)
{
    posix_spawn_file_actions_t files;
    if (count < 4 || posix_spawn_file_actions_init(&files) != 0
        || posix_spawn_file_actions_addopen(&files, STDIN_FILENO, arguments[2], O_RDONLY, 0) != 0
        || posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0)
        return 2;
    int at_once = atoi(arguments[1]), failed = 0, status;
    long long begin = microseconds();
    for (int i = 0; i < at_once; i++) {
        char id[40];
        pid_t child;
        snprintf(id, sizeof id, "bench-%d-%d", getpid(), i);
        setenv("CNI_CONTAINERID", id, 1);
        if (posix_spawn(&child, arguments[3], &files, NULL, arguments + 3, environ) != 0)
            return 2;
    }
    while (wait(&status) > 0)
        failed |= status;
    printf("%lld %lld\n", microseconds() - begin, processor_time());
    return failed != 0;
}
