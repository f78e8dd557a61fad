/**
 * Allure results of a comparison, their history across releases, and the Allure report made of them
 * in this process. Allure shows what the gate decided; it decides nothing.
 */
@NullMarked
package dev.quantgate.reports.allure;

import org.jspecify.annotations.NullMarked;
