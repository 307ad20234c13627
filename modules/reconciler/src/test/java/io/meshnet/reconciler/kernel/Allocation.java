package io.meshnet.reconciler.kernel;

import java.lang.reflect.Method;

/**
 * What a thread has allocated, which only jdk.management tells; this module does not require it, so
 * it is asked by reflection.
 */
final class Allocation {

    private Allocation() {}

    /** Bytes that the calling thread has allocated since it began. */
    static long ofThisThread() throws ReflectiveOperationException {
        Class<?> bean = Class.forName("com.sun.management.ThreadMXBean");
        Object threads = Class.forName("java.lang.management.ManagementFactory")
                .getMethod("getThreadMXBean")
                .invoke(null);
        Method allocated = bean.getMethod("getCurrentThreadAllocatedBytes");
        return (long) allocated.invoke(threads);
    }
}
