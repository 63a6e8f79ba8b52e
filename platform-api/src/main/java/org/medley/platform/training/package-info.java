/** Training and fusion jobs: recipes and datasets to start from, the jobs, their curves, and the worker in this process. */
package org.medley.platform.training;
