package org.medley.runtime.tensor.cuda;

/** The way by the host, which other tests take for what devices do. */
class HostCollectivesTest extends CollectivesParity {
    @Override
    Gpus machine() {
        return new HostGpus(EmulatedGpu::new);
    }

    @Override
    int[] ranks() {
        return new int[] {1, 2, 3, 4};
    }
}
