package org.medley.runtime.hub;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream that is closed when nothing comes for too long, so that whoever reads it gets an error and not silence. */
final class Stall extends FilterInputStream {
    private final Thread watch;
    private final long millis;
    private volatile long heard = System.nanoTime();
    private volatile boolean stalled;

    Stall(InputStream in, long millis) {
        super(in);
        this.millis = millis;
        this.watch = Thread.ofVirtual().name("medley-stall").start(this::watch);
    }

    private void watch() {
        try {
            while (true) {
                long left = millis - (System.nanoTime() - heard) / 1_000_000;
                if (left <= 0) {
                    stalled = true;
                    in.close();
                    return;
                }
                Thread.sleep(left);
            }
        } catch (InterruptedException | IOException e) {
            // read to its end, or closed already: nothing is left to watch
        }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        try {
            int read = super.read(buffer, offset, length);
            if (read < 0 && stalled) {
                throw new IOException("closed");
            }
            heard = System.nanoTime();
            return read;
        } catch (IOException e) {
            throw stalled ? new IOException("nothing came for " + millis / 1000.0 + " s", e) : e;
        }
    }

    @Override
    public void close() throws IOException {
        watch.interrupt();
        super.close();
    }
}
