package org.medley.runtime.api;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Server-sent events, each sent off at once. A client that has gone away shows as an {@link IOException}. */
public final class EventWriter {
    private final OutputStream out;

    public EventWriter(OutputStream out) {
        this.out = out;
    }

    /** @param data one line, such as JSON */
    public void send(String data) throws IOException {
        write("data: " + data + "\n\n");
    }

    /** An event with a name. */
    void send(String name, String data) throws IOException {
        write("event: " + name + "\ndata: " + data + "\n\n");
    }

    /** A comment, which keeps proxies from closing a quiet connection. */
    public void ping() throws IOException {
        write(": ping\n\n");
    }

    private void write(String event) throws IOException {
        out.write(event.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
