package org.medley.runtime.tensor.cuda;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The memory of a device, of which each use takes its share; what does not fit is refused with the sizes of all. */
public final class DevicePool {
    public static final String WEIGHTS = "weights";
    public static final String CACHE = "keys and values";
    public static final String WORK = "intermediate results";

    private final Gpu gpu;
    private final long limit;
    private final Map<String, Long> held = new TreeMap<>();

    public DevicePool(Gpu gpu) {
        this(gpu, gpu.properties().memory());
    }

    /** @param limit bytes to be had */
    DevicePool(Gpu gpu, long limit) {
        this.gpu = gpu;
        this.limit = limit;
    }

    public Gpu gpu() {
        return gpu;
    }

    /** Bytes that are held, whatever for. */
    public long held() {
        return sum(held);
    }

    /**
     * Refuses what will not fit before any of it is taken.
     *
     * @param wanted bytes by use, beside what is held
     */
    public void require(Map<String, Long> wanted) {
        Map<String, Long> all = new TreeMap<>(held);
        wanted.forEach((use, bytes) -> all.merge(use, bytes, Long::sum));
        if (sum(all) > limit) {
            throw new IllegalStateException("the device's memory of " + megabytes(limit) + " is too small for "
                    + megabytes(sum(all)) + ": " + told(all)
                    + "; less memory for the cache, a shorter context or weights in a smaller format are possible");
        }
    }

    long allocate(String use, long bytes) {
        require(Map.of(use, bytes));
        long address;
        try {
            address = gpu.allocate(bytes);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(
                    "the device refused " + megabytes(bytes) + " for " + use + ", of whose memory " + megabytes(limit)
                            + " were free at first and " + megabytes(sum(held)) + " are held here"
                            + (held.isEmpty() ? "" : " (" + told(held) + ")")
                            + "; another model or process has taken the rest: " + e.getMessage(),
                    e);
        }
        held.merge(use, bytes, Long::sum);
        return address;
    }

    void free(String use, long address, long bytes) {
        gpu.free(address);
        held.merge(use, -bytes, Long::sum);
    }

    private static long sum(Map<String, Long> uses) {
        return uses.values().stream().mapToLong(Long::longValue).sum();
    }

    private static String told(Map<String, Long> uses) {
        return uses.entrySet().stream()
                .map(use -> use.getKey() + " " + megabytes(use.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,d MB", Math.ceilDiv(bytes, 1_000_000L));
    }
}
