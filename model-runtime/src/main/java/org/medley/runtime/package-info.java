/** Tensors, kernels, weights, tokenizers, networks and the engine that serves them. */
package org.medley.runtime;
