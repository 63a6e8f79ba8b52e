package org.medley.runtime.tensor.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.medley.runtime.tensor.Float8;
import org.medley.runtime.tensor.Memory;

/**
 * A device that the processor plays: the kernels themselves, compiled as C++ and run thread by thread, over host memory
 * whose ends are watched. Says whether what kernels compute is right, and nothing of how fast or how a driver behaves.
 */
public final class EmulatedGpu implements Gpu {
    private static final String COMPILER = "/usr/bin/g++";
    /** A library is loaded once for all devices, and knows of one kernel that runs. */
    private static final Object PROCESSOR = new Object();

    private static final int WATCHED = 256;
    private static final byte UNTOUCHED = 0x5a;

    private final Arena arena = Arena.ofShared();
    private final Map<String, Library> libraries = new HashMap<>();
    private final Map<Long, MemorySegment> blocks = new HashMap<>();
    /** Where work goes instead of being done, null if it is done. */
    private List<Runnable> recorded;

    private final int capability;
    private final Predicate<Product> unknown;

    private record Library(MethodHandle run, MethodHandle has) {}

    public EmulatedGpu() {
        this(80);
    }

    /** @param capability compute capability times ten, which says what products it knows */
    public EmulatedGpu(int capability) {
        this(capability, product -> false);
    }

    /** @param unknown products that its library does not know, though such a device has them */
    public EmulatedGpu(int capability, Predicate<Product> unknown) {
        this.capability = capability;
        this.unknown = unknown;
    }

    /** Whether there is a compiler for it. */
    public static boolean possible() {
        return Files.isExecutable(Path.of(COMPILER));
    }

    @Override
    public Properties properties() {
        return new Properties("emulated", capability, 4, 96 << 10, 1L << 32);
    }

    @Override
    public long allocate(long bytes) {
        if (recorded != null) {
            throw new IllegalStateException("memory is taken while a pass is recorded");
        }
        MemorySegment block = arena.allocate(bytes + WATCHED, 256);
        // What was never written is NaN as F32, so that reading it shows.
        block.fill((byte) 0xff);
        block.asSlice(bytes).fill(UNTOUCHED);
        blocks.put(block.address(), block);
        return block.address();
    }

    @Override
    public void free(long address) {
        MemorySegment block = blocks.remove(address);
        if (block == null) {
            throw new IllegalStateException("memory is freed that is not held");
        }
        MemorySegment end = block.asSlice(block.byteSize() - WATCHED);
        for (int i = 0; i < WATCHED; i++) {
            if (end.get(java.lang.foreign.ValueLayout.JAVA_BYTE, i) != UNTOUCHED) {
                throw new IllegalStateException("a kernel wrote past the end of its memory");
            }
        }
    }

    @Override
    public long allocateHost(long bytes) {
        return arena.allocate(bytes, 256).address();
    }

    @Override
    public void upload(long from, long to, long bytes) {
        copy(from, to, bytes);
    }

    @Override
    public void download(long from, long to, long bytes) {
        if (recorded != null) {
            throw new IllegalStateException("the host waits while a pass is recorded");
        }
        Memory.copy(from, to, bytes);
    }

    @Override
    public void copy(long from, long to, long bytes) {
        later(() -> Memory.copy(from, to, bytes));
    }

    @Override
    public void zero(long address, long bytes) {
        later(() -> Memory.zero(address, bytes));
    }

    private void later(Runnable work) {
        if (recorded == null) {
            work.run();
        } else {
            recorded.add(work);
        }
    }

    @Override
    public Kernel kernel(String file, String name) {
        Library library = libraries.computeIfAbsent(file, this::load);
        try (Arena text = Arena.ofConfined()) {
            if ((int) library.has.invokeExact(text.allocateFrom(name)) == 0) {
                throw new IllegalStateException("kernel file " + file + " has no " + name);
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        return new Kernel(file + "/" + name, 0);
    }

    private Library load(String file) {
        KernelSource source = KernelSource.of(file);
        KernelSource whole = new KernelSource(file, header() + source.text());
        Path folder = Path.of("target", "emulated-kernels");
        Path library = new CompiledKernels(folder).path(whole, "host", COMPILER, EmulatedGpu::compile);
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
        return new Library(
                Linker.nativeLinker()
                        .downcallHandle(
                                symbols.findOrThrow("emulator_run"),
                                FunctionDescriptor.of(
                                        JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS)),
                Linker.nativeLinker()
                        .downcallHandle(symbols.findOrThrow("emulator_has"), FunctionDescriptor.of(JAVA_INT, ADDRESS)));
    }

    private static String header() {
        try (var in = EmulatedGpu.class.getResourceAsStream("/cuda/emulator.h")) {
            return new String(in.readAllBytes());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] compile(KernelSource source) {
        try {
            Path file = Files.createTempFile(source.name(), ".cpp");
            Path library = Files.createTempFile(source.name(), ".so");
            Files.writeString(file, source.text());
            Process compiler = new ProcessBuilder(
                            COMPILER, "-std=c++17", "-O1", "-w", "-shared", "-fPIC", "-o", "" + library, "" + file)
                    .redirectErrorStream(true)
                    .start();
            String said = new String(compiler.getInputStream().readAllBytes());
            if (compiler.waitFor() != 0) {
                throw new IllegalStateException(source.name() + ": " + said);
            }
            byte[] compiled = Files.readAllBytes(library);
            Files.delete(file);
            Files.delete(library);
            return compiled;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void launch(Kernel kernel, Grid grid, Arguments arguments) {
        if (grid.shared() > properties().blockShared()) {
            throw new IllegalStateException(kernel.name() + " asks for " + grid.shared() + " shared bytes");
        }
        String[] name = kernel.name().split("/");
        MemorySegment cells = arena.allocate(8L * arguments.count(), 8);
        MemorySegment pointers = arena.allocate(8L * arguments.count(), 8);
        for (int i = 0; i < arguments.count(); i++) {
            long cell = Memory.ALL.get(JAVA_LONG, arguments.pointers() + 8L * i);
            cells.setAtIndex(JAVA_LONG, i, Memory.ALL.get(JAVA_LONG, cell));
            pointers.setAtIndex(JAVA_LONG, i, cells.address() + 8L * i);
        }
        MemorySegment text = arena.allocateFrom(name[1]);
        later(() -> {
            try {
                int rc;
                synchronized (PROCESSOR) {
                    rc = (int) libraries
                            .get(name[0])
                            .run
                            .invokeExact(text, grid.x(), grid.y(), grid.z(), grid.threads(), grid.shared(), pointers);
                }
                switch (rc) {
                    case 0 -> {}
                    case 1 ->
                        throw new IllegalStateException(kernel.name() + ": threads wait for others that never come");
                    case 2 -> throw new IllegalStateException(kernel.name() + " is not bounded for " + grid);
                    default -> throw new IllegalStateException("the emulator does not find its shared memory");
                }
            } catch (RuntimeException e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Override
    public boolean multiplies(Product product) {
        boolean has = switch (product.element()) {
            case F32, BF16 -> true;
            case E4M3_TENSOR -> capability >= 89;
            case E4M3_ROW, E4M3_BLOCK, E4M3_STRIP -> capability == 90;
        };
        return has && !unknown.test(product);
    }

    @Override
    public void multiply(Product product, Product.Operand x, Product.Operand weight, long out) {
        if (!multiplies(product) || (product.element().eightBits() && (x.scales() | weight.scales()) % 16 != 0)) {
            throw new IllegalStateException("no way to compute " + product + " of " + x + " and " + weight);
        }
        later(() -> {
            for (int i = 0; i < product.m(); i++) {
                for (int j = 0; j < product.n(); j++) {
                    double sum = 0;
                    for (int l = 0; l < product.k(); l++) {
                        sum += element(product, x, at(product.form().xTurned(), i, product.m(), l, product.k()))
                                * factor(product, x.scales(), i, l)
                                * element(
                                        product,
                                        weight,
                                        at(product.form().weightTurned(), j, product.n(), l, product.k()))
                                * weightFactor(product, weight.scales(), j, l);
                    }
                    long to = out + 4L * ((long) i * product.outCols() + j);
                    Memory.f32(to, product.form().added() ? Memory.f32(to) + (float) sum : (float) sum);
                }
            }
        });
    }

    /** Where element l of a row is, if so many rows of k elements lie one after the other, or turned. */
    private static long at(boolean turned, int row, int rows, int l, int k) {
        return turned ? (long) l * rows + row : (long) row * k + l;
    }

    private static double element(Product product, Product.Operand operand, long i) {
        return switch (product.element()) {
            case F32 -> Memory.f32(operand.address() + 4 * i);
            case BF16 -> Memory.bf16(operand.address() + 2 * i);
            default -> Float8.e4m3(Memory.i8(operand.address() + i));
        };
    }

    /** As the library's documentation lays scales out: of blocks of a row, all rows' first block comes first. */
    private static double factor(Product product, long scales, int row, int l) {
        return switch (product.element()) {
            case F32, BF16 -> 1;
            case E4M3_TENSOR -> scales == 0 ? 1 : Memory.f32(scales);
            case E4M3_ROW -> Memory.f32(scales + 4L * row);
            case E4M3_BLOCK, E4M3_STRIP -> Memory.f32(scales + 4L * ((long) l / Product.BLOCK * product.m() + row));
        };
    }

    /** Those of square blocks lie row by row, each row filled up to a multiple of four. */
    private static double weightFactor(Product product, long scales, int row, int l) {
        int across = Math.ceilDiv(Math.ceilDiv(product.k(), Product.BLOCK), 4) * 4;
        return switch (product.element()) {
            case F32, BF16 -> 1;
            case E4M3_TENSOR -> scales == 0 ? 1 : Memory.f32(scales);
            case E4M3_ROW -> Memory.f32(scales + 4L * row);
            case E4M3_BLOCK -> Memory.f32(scales + 4L * ((long) row / Product.BLOCK * across + l / Product.BLOCK));
            case E4M3_STRIP -> Memory.f32(scales + 4L * ((long) l / Product.BLOCK * product.n() + row));
        };
    }

    @Override
    public Graph record(Runnable work) {
        List<Runnable> steps = new ArrayList<>();
        recorded = steps;
        try {
            work.run();
        } finally {
            recorded = null;
        }
        return new Graph() {
            @Override
            public void launch() {
                steps.forEach(Runnable::run);
            }

            @Override
            public void close() {
                steps.clear();
            }
        };
    }

    @Override
    public void synchronize() {
        if (recorded != null) {
            throw new IllegalStateException("the host waits while a pass is recorded");
        }
    }

    @Override
    public void close() {
        List.copyOf(blocks.keySet()).forEach(this::free);
        arena.close();
    }
}
