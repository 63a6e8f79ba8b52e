package org.medley.platform.clinical;

import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import org.medley.platform.StorageConfig;
import org.medley.platform.evidence.EvidenceLibrary;
import org.medley.platform.evidence.EvidenceSearch;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.KnowledgeLoader;
import org.medley.runtime.api.ModelHost;

/** The knowledge base and what is built from it, made at start so that the first case does not wait. */
@ApplicationScoped
class ClinicalBeans {
    @Produces
    @Singleton
    @Startup
    Knowledge knowledge(ClinicalConfig config) {
        return KnowledgeLoader.load(config.bands());
    }

    @Produces
    @Singleton
    DifferentialEngine engine(Knowledge knowledge) {
        return new DifferentialEngine(knowledge);
    }

    @Produces
    @Singleton
    EvidenceLibrary library(Knowledge knowledge) {
        return new EvidenceLibrary(knowledge);
    }

    @Produces
    @Singleton
    @Startup
    EvidenceSearch search(Knowledge knowledge, EvidenceLibrary library, StorageConfig storage, ModelHost models) {
        return new EvidenceSearch(
                storage.data().resolve("index").resolve("evidence"), library, knowledge.version(), models.embedder());
    }

    void close(@Disposes EvidenceSearch search) {
        search.close();
    }
}
