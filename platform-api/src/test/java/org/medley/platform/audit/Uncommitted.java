package org.medley.platform.audit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.Set;
import javax.sql.DataSource;

/** A view on what a transaction has done so far, to code that asks a data source and closes what it gets. */
final class Uncommitted {
    private static final Set<String> ENDS = Set.of("close", "rollback", "commit", "setAutoCommit", "setReadOnly");

    private Uncommitted() {}

    static DataSource of(Connection transaction) {
        Connection open = proxy(Connection.class, transaction);
        return (DataSource) Proxy.newProxyInstance(
                Uncommitted.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (self, method, arguments) -> open);
    }

    private static <T> T proxy(Class<T> type, T target) {
        return type.cast(Proxy.newProxyInstance(
                Uncommitted.class.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
                    if (ENDS.contains(method.getName())) {
                        return null;
                    }
                    try {
                        return method.invoke(target, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
