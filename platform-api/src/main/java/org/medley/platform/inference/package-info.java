/** How the platform asks models: by their OpenAI-compatible API, in this process or elsewhere. */
package org.medley.platform.inference;
