package org.medley.runtime.tensor.cuda.driver;

import static org.bytedeco.cuda.global.cudart.*;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.medley.runtime.tensor.cuda.Arguments;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.CompiledKernels;
import org.medley.runtime.tensor.cuda.CudaPresence;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.KernelSource;
import org.medley.runtime.tensor.cuda.Product;

/**
 * A CUDA device. This package alone names the bindings' classes, and it calls only what the libraries of CUDA
 * 13.0 have: a function that is bound but missing ends the process.
 */
public final class CudaGpu implements Gpu {
    /** Bytes of shared memory that a kernel has without asking. */
    private static final int GIVEN_SHARED = 48 << 10;

    static {
        // The bindings count the memory of the whole process and stop it at a multiple of the heap; weights are larger.
        System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        System.setProperty("org.bytedeco.javacpp.noPointerGC", "true");
    }

    /** The device that a thread's calls go to, which is one for all that the thread uses. */
    private static final ThreadLocal<Integer> CURRENT = new ThreadLocal<>();

    private final int number;
    private final Properties properties;
    private final CUstream_st stream = new CUstream_st();
    private final Compiler compiler;
    private final CompiledKernels compiled;
    private final Blas blas;
    private final Map<String, CUmod_st> modules = new HashMap<>();
    private final Map<Named, Kernel> kernels = new HashMap<>();
    private final List<CUfunc_st> functions = new ArrayList<>();
    /** Bytes that a block of each function may share so far. */
    private final List<Integer> shared = new ArrayList<>();

    private final List<Long> hostBlocks = new ArrayList<>();
    private final Set<Long> blocks = new HashSet<>();
    private final Address first = new Address();
    private final Address second = new Address();
    private final Map<Long, PointerPointer<Pointer>> argumentBlocks = new HashMap<>();

    private record Named(String file, String kernel) {}

    /**
     * Opens one of the machine's devices.
     *
     * @param number from 0 on
     * @throws IllegalStateException if there is none that can be used, with the reason in one plain line
     */
    public static CudaGpu open(int number) {
        Optional<String> absence = CudaPresence.absence(number);
        if (absence.isPresent()) {
            throw new IllegalStateException(absence.get());
        }
        try {
            return new CudaGpu(number, CompiledKernels.ofUser());
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "CUDA's libraries cannot be loaded (libcudart.so.13, libcublasLt.so.13 and libnvrtc.so.13 are"
                            + " needed; org.bytedeco.javacpp.platform.linkpath says where else to look): "
                            + e.getMessage(),
                    e);
        }
    }

    private CudaGpu(int number, CompiledKernels compiled) {
        this.number = number;
        this.compiled = compiled;
        onThread();
        int capability =
                10 * attribute(cudaDevAttrComputeCapabilityMajor) + attribute(cudaDevAttrComputeCapabilityMinor);
        this.compiler = new Compiler(capability);
        Calls.cuda(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
        try {
            long blasWorkspace = allocate(Blas.WORKSPACE);
            this.properties = new Properties(
                    "CUDA device " + number + ", " + name(number) + " of compute capability " + capability / 10 + "."
                            + capability % 10,
                    capability,
                    attribute(cudaDevAttrMultiProcessorCount),
                    attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin),
                    memory());
            this.blas = new Blas(blasWorkspace);
        } catch (RuntimeException | Error e) {
            Closing.after(e, this::freeBlocks, this::destroyStream);
            throw e;
        }
    }

    /** The library's workspace, and what a model that could not be loaded left. */
    private void freeBlocks() {
        Closing.all(List.copyOf(blocks).stream().<Runnable>map(block -> () -> free(block)));
    }

    private void destroyStream() {
        Calls.cuda(cudaStreamDestroy(stream), "cudaStreamDestroy");
    }

    /** The device's context is one of each thread; calls of the driver find none on a thread that did not choose it. */
    private void onThread() {
        Integer current = CURRENT.get();
        if (current == null || current != number) {
            Calls.cuda(cudaSetDevice(number), "cudaSetDevice");
            CURRENT.set(number);
        }
    }

    /** Another library may have chosen a device for this thread. */
    static void leaveThread() {
        CURRENT.remove();
    }

    int number() {
        return number;
    }

    CUstream_st stream() {
        return stream;
    }

    private int attribute(int which) {
        try (IntPointer value = new IntPointer(1)) {
            Calls.cuda(cudaDeviceGetAttribute(value, which, number), "cudaDeviceGetAttribute");
            return value.get();
        }
    }

    private static String name(int number) {
        byte[] name = new byte[256];
        Calls.cuda(cuDeviceGetName(name, name.length, number), "cuDeviceGetName");
        int end = 0;
        while (end < name.length && name[end] != 0) {
            end++;
        }
        return new String(name, 0, end, StandardCharsets.UTF_8);
    }

    private static long memory() {
        try (SizeTPointer free = new SizeTPointer(1);
                SizeTPointer total = new SizeTPointer(1)) {
            Calls.cuda(cudaMemGetInfo(free, total), "cudaMemGetInfo");
            return free.get();
        }
    }

    @Override
    public Properties properties() {
        return properties;
    }

    @Override
    public long allocate(long bytes) {
        onThread();
        try (PointerPointer<Pointer> out = new PointerPointer<>(1)) {
            Calls.cuda(cudaMalloc(out, Math.max(1, bytes)), "cudaMalloc of " + bytes + " bytes");
            blocks.add(out.get(0).address());
            return out.get(0).address();
        }
    }

    @Override
    public void free(long address) {
        onThread();
        blocks.remove(address);
        Calls.cuda(cudaFree(first.at(address)), "cudaFree");
    }

    @Override
    public long allocateHost(long bytes) {
        onThread();
        try (PointerPointer<Pointer> out = new PointerPointer<>(1)) {
            Calls.cuda(cudaMallocHost(out, bytes), "cudaMallocHost of " + bytes + " bytes");
            hostBlocks.add(out.get(0).address());
            return hostBlocks.getLast();
        }
    }

    @Override
    public void upload(long from, long to, long bytes) {
        copy(from, to, bytes);
    }

    @Override
    public void download(long from, long to, long bytes) {
        copy(from, to, bytes);
        synchronize();
    }

    @Override
    public void copy(long from, long to, long bytes) {
        onThread();
        Calls.cuda(cudaMemcpyAsync(second.at(to), first.at(from), bytes, cudaMemcpyDefault, stream), "cudaMemcpyAsync");
    }

    @Override
    public void zero(long address, long bytes) {
        onThread();
        Calls.cuda(cudaMemsetAsync(first.at(address), 0, bytes, stream), "cudaMemsetAsync");
    }

    @Override
    public Kernel kernel(String file, String name) {
        return kernels.computeIfAbsent(new Named(file, name), key -> find(key.file, key.kernel));
    }

    private Kernel find(String file, String name) {
        onThread();
        CUfunc_st function = new CUfunc_st();
        CUmod_st module = modules.computeIfAbsent(file, this::load);
        Calls.cuda(cuModuleGetFunction(function, module, name), "cuModuleGetFunction of " + name);
        functions.add(function);
        shared.add(GIVEN_SHARED);
        return new Kernel(name, functions.size() - 1);
    }

    private CUmod_st load(String file) {
        onThread();
        Path cubin = compiled.path(KernelSource.of(file), compiler.target(), compiler.version(), compiler::compile);
        CUmod_st module = new CUmod_st();
        try (BytePointer path = new BytePointer(cubin.toString())) {
            Calls.cuda(cuModuleLoad(module, path), "cuModuleLoad of " + cubin);
        }
        return module;
    }

    @Override
    public void launch(Kernel kernel, Grid grid, Arguments arguments) {
        onThread();
        PointerPointer<Pointer> values = argumentBlocks.computeIfAbsent(
                arguments.pointers(), address -> new PointerPointer<>(new Address().at(address)));
        int index = (int) kernel.handle();
        if (grid.shared() > shared.get(index)) {
            Calls.cuda(
                    cuFuncSetAttribute(
                            functions.get(index), CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, grid.shared()),
                    "cuFuncSetAttribute of " + kernel.name());
            shared.set(index, grid.shared());
        }
        int rc = cuLaunchKernel(
                functions.get(index),
                grid.x(),
                grid.y(),
                grid.z(),
                grid.threads(),
                1,
                1,
                grid.shared(),
                stream,
                values,
                (PointerPointer<?>) null);
        if (rc != cudaSuccess) {
            Calls.cuda(rc, "launch of " + kernel.name() + " on " + grid);
        }
    }

    @Override
    public boolean multiplies(Product product) {
        onThread();
        return blas.multiplies(product);
    }

    @Override
    public void multiply(Product product, Product.Operand x, Product.Operand weight, long out) {
        onThread();
        blas.multiply(product, x, weight, out, stream);
    }

    @Override
    public Graph record(Runnable work) {
        onThread();
        CUgraph_st graph = new CUgraph_st();
        Calls.cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        CUgraphExec_st executable = new CUgraphExec_st();
        boolean ended = false;
        try {
            work.run();
            ended = true;
            Calls.cuda(cudaStreamEndCapture(stream, graph), "cudaStreamEndCapture");
            Calls.cuda(cudaGraphInstantiate(executable, graph, 0), "cudaGraphInstantiate");
        } finally {
            // Whatever work threw, a stream that goes on recording would do nothing any more.
            if (!ended) {
                cudaStreamEndCapture(stream, graph);
            }
            if (!graph.isNull()) {
                cudaGraphDestroy(graph);
            }
        }
        return new Graph() {
            @Override
            public void launch() {
                onThread();
                Calls.cuda(cudaGraphLaunch(executable, stream), "cudaGraphLaunch");
            }

            @Override
            public void close() {
                onThread();
                Calls.cuda(cudaGraphExecDestroy(executable), "cudaGraphExecDestroy");
            }
        };
    }

    @Override
    public void synchronize() {
        onThread();
        Calls.cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    }

    @Override
    public void close() {
        Closing.all(
                this::synchronize,
                blas::close,
                this::freeBlocks,
                () -> Closing.all(hostBlocks.stream().<Runnable>map(block -> () -> freeHost(block))),
                () -> Closing.all(modules.values().stream().<Runnable>map(module -> () -> unload(module))),
                this::destroyStream);
    }

    private void freeHost(long address) {
        Calls.cuda(cudaFreeHost(first.at(address)), "cudaFreeHost");
    }

    private static void unload(CUmod_st module) {
        Calls.cuda(cuModuleUnload(module), "cuModuleUnload");
    }
}
