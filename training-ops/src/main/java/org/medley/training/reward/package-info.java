/** What judges answers in reinforcement learning. A kind of reward is a plug-in, found by {@link java.util.ServiceLoader}. */
package org.medley.training.reward;
