/** Smaller forms of a model's weights, and what they cost in quality. */
package org.medley.runtime.quantize;
