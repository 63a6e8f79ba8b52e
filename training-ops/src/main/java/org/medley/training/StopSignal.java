package org.medley.training;

import java.util.concurrent.CountDownLatch;

/**
 * Told to stop, as by Ctrl-C, a process ends when its work has come to an end that can be gone on from: the signal waits
 * until this is closed.
 */
final class StopSignal implements AutoCloseable {
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean came;

    StopSignal() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::await, "stop"));
    }

    private void await() {
        if (ended.getCount() == 0) {
            return;
        }
        came = true;
        System.out.println("stops after this step, with a checkpoint");
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    boolean came() {
        return came;
    }

    @Override
    public void close() {
        ended.countDown();
    }
}
