package io.meshnet.bench;

import io.meshnet.reconciler.KernelThread;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Handing work to the kernel thread, which does nothing with it, and waiting until it is done. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class HandOverBenchmark {
    private static final int BURST = 1000;

    private KernelThread kernel;
    private ExecutorService handlers;

    /** For JMH. */
    public HandOverBenchmark() {}

    /** Starts the threads. */
    @Setup
    public void open() {
        kernel = new KernelThread(_ -> Runtime.getRuntime().halt(1));
        handlers = Executors.newVirtualThreadPerTaskExecutor();
    }

    /** From a platform thread. */
    @Benchmark
    public Object fromPlatformThread() {
        return kernel.submit(_ -> this).join();
    }

    /** From a virtual thread, as every handler of a request is one; the start of that thread is part of it. */
    @Benchmark
    public Object fromVirtualThread() throws ExecutionException, InterruptedException {
        return handlers.submit(() -> kernel.submit(_ -> this).join()).get();
    }

    /** A thousand in a row, waiting for the last alone. */
    @Benchmark
    public Object burst() {
        for (int i = 1; i < BURST; i++) {
            var _ = kernel.submit(_ -> this);
        }
        return kernel.submit(_ -> this).join();
    }

    /** Ends them. */
    @TearDown
    public void close() {
        handlers.close();
        kernel.close();
    }
}
