/*
 * The first process of a process namespace, of a pod's or of a whole node's: waits, reaps whoever was left to it, and ends when told to.
 * Signals have to have handlers, since the kernel spares such a process the default action of any (pid_namespaces(7)).
 */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal)
{
    (void)signal;
    _exit(0);
}

static void reap(int signal)
{
    (void)signal;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

int main(void)
{
    const struct sigaction ending = {.sa_handler = end};
    const struct sigaction reaping = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};

    if (sigaction(SIGTERM, &ending, NULL) != 0 || sigaction(SIGINT, &ending, NULL) != 0
        || sigaction(SIGCHLD, &reaping, NULL) != 0) {
        return 1;
    }
    for (;;) {
        pause();
    }
}
