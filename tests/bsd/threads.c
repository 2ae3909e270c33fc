/* SPDX-License-Identifier: MIT */
/*
 * threads.c - what POSIX says about threads holds, natively and as threads of
 * the layer, with wasock-cc --threads.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "threads.h"

#define N_MANY 1000
#ifdef __wasm__
#define SMALL_STACK 16384
#else
#define SMALL_STACK 262144 /* the sanitizers need some */
#endif
#define N_ITEMS 500

int n_facts;
int n_failed;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

struct timespec in_ms(clockid_t clock, long ms)
{
    struct timespec moment;

    clock_gettime(clock, &moment);
    moment.tv_sec += ms / 1000;
    moment.tv_nsec += ms % 1000 * 1000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_sec++;
        moment.tv_nsec -= 1000000000;
    }
    return moment;
}

long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;

    FACT(pthread_create(&thread, NULL, run, argument) == 0);
    return thread;
}

void *result_of(pthread_t thread)
{
    void *result = NULL;

    FACT(pthread_join(thread, &result) == 0);
    return result;
}

/* ---- Create, join, detach, exit ---- */

static pthread_t main_thread;

static void *give_back(void *argument)
{
    FACT(!pthread_equal(pthread_self(), main_thread));
    return argument;
}

static int exit_deep(int depth, void *result)
{
    if (depth == 0) {
        pthread_exit(result);
    }
    return exit_deep(depth - 1, result) + 1;
}

static void *exit_with(void *argument)
{
    FACT(exit_deep(10, argument) < 0); /* it does not return */
    return NULL;
}

static sem_t detached_ran;

static void *run_detached(void *argument)
{
    FACT(pthread_detach(pthread_self()) == (argument == NULL ? 0 : EINVAL));
    FACT(sem_post(&detached_ran) == 0);
    return NULL;
}

static void *wait_for_go(void *argument)
{
    FACT(sem_wait(&detached_ran) == 0);
    return argument;
}

static void create_facts(void)
{
    pthread_attr_t attributes;
    pthread_t threads[3];
    int value = 0;
    char name[16] = "?";
    size_t size = 0;

    main_thread = pthread_self();
    FACT(pthread_equal(main_thread, pthread_self()));
    FACT(pthread_join(main_thread, NULL) == EDEADLK);
    for (int i = 0; i < 3; i++) {
        threads[i] = start(give_back, &value + i);
    }
    FACT(!pthread_equal(threads[0], threads[1]));
    for (int i = 0; i < 3; i++) {
        FACT(result_of(threads[i]) == &value + i);
    }
    FACT(result_of(start(exit_with, &value)) == &value);

    sem_init(&detached_ran, 0, 0);
    const pthread_t detached = start(run_detached, NULL);
    (void)detached;
    FACT(pthread_attr_init(&attributes) == 0);
    FACT(pthread_attr_getstacksize(&attributes, &size) == 0 && size >= 65536);
    FACT(pthread_attr_setstacksize(&attributes, 100) == EINVAL);
    FACT(pthread_attr_setstacksize(&attributes, 262144) == 0);
    FACT(pthread_attr_getstacksize(&attributes, &size) == 0 && size == 262144);
    FACT(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) ==
         0);
    FACT(pthread_create(&threads[0], &attributes, run_detached, &value) == 0);
    FACT(sem_wait(&detached_ran) == 0 && sem_wait(&detached_ran) == 0);
    FACT(pthread_attr_destroy(&attributes) == 0);

    threads[0] = start(wait_for_go, NULL);
    FACT(pthread_setname_np(threads[0], "worker") == 0);
    FACT(pthread_setname_np(threads[0], "a name that is too long") == ERANGE);
    FACT(pthread_getname_np(threads[0], name, sizeof(name)) == 0 &&
         strcmp(name, "worker") == 0);
    FACT(sem_post(&detached_ran) == 0);
    FACT(result_of(threads[0]) == NULL);

    threads[0] = start(wait_for_go, NULL);
    FACT(pthread_detach(threads[0]) == 0);
    FACT(pthread_join(threads[0], NULL) == EINVAL);
    FACT(pthread_detach(threads[0]) == EINVAL);
    FACT(sem_post(&detached_ran) == 0);
}

static void *sleep_a_little(void *argument)
{
    usleep(20000);
    return argument;
}

static void timed_join_facts(void)
{
    const pthread_t thread = start(sleep_a_little, &n_facts);
    struct timespec moment = in_ms(CLOCK_REALTIME, 1);
    void *result = NULL;

    FACT(pthread_tryjoin_np(thread, &result) == EBUSY);
    FACT(pthread_timedjoin_np(thread, &result, &moment) == ETIMEDOUT);
    moment = in_ms(CLOCK_REALTIME, 5000);
    FACT(pthread_timedjoin_np(thread, &result, &moment) == 0);
    FACT(result == &n_facts);
}

/* ---- Mutexes ---- */

static long counter;

static void *count_up(void *argument)
{
    for (int i = 0; i < 100; i++) {
        FACT(pthread_mutex_lock(&mutex) == 0);
        const long before = counter;
        if (i % 10 == 0) {
            usleep(100); /* with the mutex */
        }
        counter = before + 1;
        FACT(pthread_mutex_unlock(&mutex) == 0);
    }
    return argument;
}

static void *try_locked(void *argument)
{
    pthread_mutex_t *locked = argument;
    const struct timespec moment = in_ms(CLOCK_REALTIME, 5);

    FACT(pthread_mutex_trylock(locked) == EBUSY);
    FACT(pthread_mutex_timedlock(locked, &moment) == ETIMEDOUT);
    return NULL;
}

static void mutex_facts(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t checked;
    pthread_t threads[5];

    for (int i = 0; i < 5; i++) {
        threads[i] = start(count_up, NULL);
    }
    for (int i = 0; i < 5; i++) {
        result_of(threads[i]);
    }
    FACT(counter == 500);

    FACT(pthread_mutexattr_init(&attributes) == 0);
    FACT(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0);
    FACT(pthread_mutex_init(&checked, &attributes) == 0);
    FACT(pthread_mutex_unlock(&checked) == EPERM);
    FACT(pthread_mutex_lock(&checked) == 0);
    FACT(pthread_mutex_lock(&checked) == EDEADLK);
    result_of(start(try_locked, &checked));
    FACT(pthread_mutex_unlock(&checked) == 0);
    FACT(pthread_mutex_destroy(&checked) == 0);

    FACT(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) == 0);
    FACT(pthread_mutex_init(&checked, &attributes) == 0);
    FACT(pthread_mutex_lock(&checked) == 0);
    FACT(pthread_mutex_lock(&checked) == 0);
    FACT(pthread_mutex_unlock(&checked) == 0);
    result_of(start(try_locked, &checked));
    FACT(pthread_mutex_unlock(&checked) == 0);
    FACT(pthread_mutex_unlock(&checked) == EPERM);
    FACT(pthread_mutexattr_destroy(&attributes) == 0);
}

/* ---- Conditions ---- */

static int items[4];
static int n_items;
static long consumed;
static pthread_cond_t room = PTHREAD_COND_INITIALIZER;

static void *produce(void *argument)
{
    for (int i = 1; i <= N_ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (n_items == 4) {
            FACT(pthread_cond_wait(&room, &mutex) == 0);
        }
        items[n_items++] = i;
        pthread_cond_signal(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static void *consume(void *argument)
{
    for (int i = 0; i < N_ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (n_items == 0) {
            FACT(pthread_cond_wait(&condition, &mutex) == 0);
        }
        consumed += items[--n_items];
        pthread_cond_signal(&room);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static int n_waiting;
static int n_released;
static int is_released;

static void *wait_for_release(void *argument)
{
    pthread_mutex_lock(&mutex);
    n_waiting++;
    pthread_cond_signal(&room);
    while (!is_released) {
        pthread_cond_wait(&condition, &mutex);
    }
    n_released++;
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void timed_wait_facts(void)
{
    const clockid_t clocks[2] = {CLOCK_REALTIME, CLOCK_MONOTONIC};

    for (int i = 0; i < 2; i++) {
        pthread_condattr_t attributes;
        pthread_cond_t timed;
        FACT(pthread_condattr_init(&attributes) == 0);
        FACT(pthread_condattr_setclock(&attributes, clocks[i]) == 0);
        FACT(pthread_cond_init(&timed, &attributes) == 0);
        const long before_ms = now_ms();
        struct timespec moment = in_ms(clocks[i], 20);
        pthread_mutex_lock(&mutex);
        FACT(pthread_cond_timedwait(&timed, &mutex, &moment) == ETIMEDOUT);
        FACT(now_ms() - before_ms >= 19);
        FACT(pthread_mutex_trylock(&mutex) == EBUSY); /* it has it again */
        moment.tv_sec -= 10;
        FACT(pthread_cond_timedwait(&timed, &mutex, &moment) == ETIMEDOUT);
        moment.tv_nsec = -1;
        FACT(pthread_cond_timedwait(&timed, &mutex, &moment) == EINVAL);
        pthread_mutex_unlock(&mutex);
        FACT(pthread_cond_destroy(&timed) == 0);
        FACT(pthread_condattr_destroy(&attributes) == 0);
    }
}

static void condition_facts(void)
{
    pthread_t threads[4] = {start(produce, NULL), start(consume, NULL),
                            start(produce, NULL), start(consume, NULL)};

    for (int i = 0; i < 4; i++) {
        result_of(threads[i]);
    }
    FACT(consumed == 2L * N_ITEMS * (N_ITEMS + 1) / 2);

    for (int i = 0; i < 4; i++) {
        threads[i] = start(wait_for_release, NULL);
    }
    pthread_mutex_lock(&mutex);
    while (n_waiting < 4) {
        pthread_cond_wait(&room, &mutex);
    }
    is_released = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 4; i++) {
        result_of(threads[i]);
    }
    FACT(n_released == 4);
    timed_wait_facts();
}

/* ---- Reader-writer locks, barriers, semaphores, spin locks ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static int n_readers;
static int most_readers;
static int n_written;

static void *read_locked(void *argument)
{
    for (int i = 0; i < 5; i++) {
        FACT(pthread_rwlock_rdlock(&rwlock) == 0);
        pthread_mutex_lock(&mutex);
        n_readers++;
        most_readers = n_readers > most_readers ? n_readers : most_readers;
        pthread_mutex_unlock(&mutex);
        usleep(1000);
        pthread_mutex_lock(&mutex);
        n_readers--;
        pthread_mutex_unlock(&mutex);
        FACT(pthread_rwlock_unlock(&rwlock) == 0);
    }
    return argument;
}

static void *write_locked(void *argument)
{
    for (int i = 0; i < 5; i++) {
        FACT(pthread_rwlock_wrlock(&rwlock) == 0);
        FACT(n_readers == 0);
        const int before = n_written;
        usleep(500);
        n_written = before + 1;
        FACT(pthread_rwlock_unlock(&rwlock) == 0);
    }
    return argument;
}

static void *try_rwlock(void *argument)
{
    const struct timespec moment = in_ms(CLOCK_REALTIME, 5);

    FACT(pthread_rwlock_tryrdlock(&rwlock) == EBUSY);
    FACT(pthread_rwlock_trywrlock(&rwlock) == EBUSY);
    FACT(pthread_rwlock_timedrdlock(&rwlock, &moment) == ETIMEDOUT);
    FACT(pthread_rwlock_timedwrlock(&rwlock, &moment) == ETIMEDOUT);
    return argument;
}

static void rwlock_facts(void)
{
    pthread_t threads[5] = {start(read_locked, NULL), start(read_locked, NULL),
                            start(read_locked, NULL), start(write_locked, NULL),
                            start(write_locked, NULL)};

    for (int i = 0; i < 5; i++) {
        result_of(threads[i]);
    }
    FACT(most_readers >= 2);
    FACT(n_written == 10);
    FACT(pthread_rwlock_wrlock(&rwlock) == 0);
    FACT(pthread_rwlock_wrlock(&rwlock) == EDEADLK);
    result_of(start(try_rwlock, NULL));
    FACT(pthread_rwlock_unlock(&rwlock) == 0);
    FACT(pthread_rwlock_destroy(&rwlock) == 0);
}

static int n_came;
static int n_serial;

static void *meet(void *argument)
{
    for (int round = 1; round <= 3; round++) {
        pthread_mutex_lock(&mutex);
        n_came++;
        pthread_mutex_unlock(&mutex);
        const int result = pthread_barrier_wait(&barrier);
        FACT(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
        FACT(n_came >= 4 * round);
        pthread_mutex_lock(&mutex);
        n_serial += result == PTHREAD_BARRIER_SERIAL_THREAD;
        pthread_mutex_unlock(&mutex);
        pthread_barrier_wait(&barrier);
    }
    return argument;
}

static void barrier_facts(void)
{
    pthread_t threads[4];

    FACT(pthread_barrier_init(&barrier, NULL, 0) == EINVAL);
    FACT(pthread_barrier_init(&barrier, NULL, 4) == 0);
    for (int i = 0; i < 4; i++) {
        threads[i] = start(meet, NULL);
    }
    for (int i = 0; i < 4; i++) {
        result_of(threads[i]);
    }
    FACT(n_came == 12);
    FACT(n_serial == 3);
    FACT(pthread_barrier_destroy(&barrier) == 0);
}

static sem_t ping;
static sem_t pong;

static void *answer(void *argument)
{
    for (int i = 0; i < 50; i++) {
        FACT(sem_wait(&ping) == 0);
        FACT(sem_post(&pong) == 0);
    }
    return argument;
}

static void semaphore_facts(void)
{
    struct timespec moment = in_ms(CLOCK_REALTIME, 10);
    int value = -1;

    FACT(sem_init(&ping, 0, 0) == 0 && sem_init(&pong, 0, 0) == 0);
    const pthread_t thread = start(answer, NULL);
    for (int i = 0; i < 50; i++) {
        FACT(sem_post(&ping) == 0);
        FACT(sem_wait(&pong) == 0);
    }
    result_of(thread);
    FAILS(sem_trywait(&ping), EAGAIN);
    FAILS(sem_timedwait(&ping, &moment), ETIMEDOUT);
    FACT(sem_post(&ping) == 0);
    FACT(sem_timedwait(&ping, &moment) == 0);
    FACT(sem_getvalue(&ping, &value) == 0 && value == 0);
    FACT(sem_destroy(&ping) == 0 && sem_destroy(&pong) == 0);
}

static pthread_spinlock_t spin;
static int n_spun;

static void *spin_once(void *argument)
{
    for (int i = 0; i < 20; i++) {
        FACT(pthread_spin_lock(&spin) == 0);
        const int before = n_spun;
        sched_yield();
        n_spun = before + 1;
        FACT(pthread_spin_unlock(&spin) == 0);
    }
    return argument;
}

static void spin_facts(void)
{
    FACT(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    const pthread_t first = start(spin_once, NULL);
    const pthread_t second = start(spin_once, NULL);
    result_of(first);
    result_of(second);
    FACT(n_spun == 40);
    FACT(pthread_spin_trylock(&spin) == 0);
    FACT(pthread_spin_trylock(&spin) == EBUSY);
    FACT(pthread_spin_unlock(&spin) == 0);
    FACT(pthread_spin_destroy(&spin) == 0);
}

/* ---- What is a thread's own ---- */

static pthread_key_t key;
static pthread_key_t other_key;
static int n_destroyed;
static _Thread_local int own = 5;
static _Thread_local char own_zeros[40];

static int *main_own;

static void destroy_value(void *value)
{
    n_destroyed += *(int *)value;
    FACT(pthread_getspecific(key) == NULL);
    if (*(int *)value == 100) {
        static int again = 1000;
        FACT(pthread_setspecific(key, &again) == 0);
    }
}

static void *have_own(void *argument)
{
    static int hundred = 100;

    FACT(errno == 0);
    FACT(own == 5 && own_zeros[39] == 0);
    FACT(&own != main_own && *main_own == 8);
    FACT(pthread_getspecific(key) == NULL);
    FACT(pthread_setspecific(key, argument == NULL ? &hundred : argument) == 0);
    errno = ENOTTY;
    own = argument == NULL ? 6 : 7;
    own_zeros[39] = 'x';
    for (int i = 0; i < 5; i++) {
        usleep(500);
        FACT(errno == ENOTTY);
        FACT(own == (argument == NULL ? 6 : 7));
        FACT(pthread_getspecific(key) ==
             (argument == NULL ? &hundred : argument));
    }
    errno = 0;
    FACT(close(-1) == -1 && errno == EBADF);
    return argument;
}

static void own_facts(void)
{
    int one = 1;
    int two = 2;

    FACT(pthread_key_create(&key, destroy_value) == 0);
    FACT(pthread_key_create(&other_key, NULL) == 0);
    FACT(pthread_setspecific(key, &two) == 0);
    FACT(pthread_setspecific(other_key, &two) == 0);
    own = 8;
    main_own = &own;
    const pthread_t first = start(have_own, &one);
    const pthread_t second = start(have_own, NULL);
    errno = E2BIG;
    result_of(first);
    result_of(second);
    FACT(errno == E2BIG);
    FACT(own == 8 && own_zeros[39] == 0);
    FACT(n_destroyed == 1101);
    FACT(pthread_getspecific(key) == &two);
    FACT(pthread_key_delete(key) == 0);
    FACT(pthread_setspecific(key, &two) == EINVAL);
    FACT(pthread_key_delete(other_key) == 0);
}

/* ---- Once ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int n_once;

static void initialise(void)
{
    usleep(2000);
    n_once++;
}

static void *do_once(void *argument)
{
    FACT(pthread_once(&once, initialise) == 0);
    FACT(n_once == 1);
    return argument;
}

static void once_facts(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        threads[i] = start(do_once, NULL);
    }
    for (int i = 0; i < 4; i++) {
        result_of(threads[i]);
    }
}

/* ---- Many ---- */

static void *wait_in_crowd(void *argument)
{
    pthread_mutex_lock(&mutex);
    n_waiting++;
    pthread_cond_signal(&room);
    while (!is_released) {
        pthread_cond_wait(&condition, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void many_facts(void)
{
    static pthread_t threads[N_MANY];
    pthread_attr_t attributes;

    n_waiting = 0;
    is_released = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    for (uintptr_t i = 0; i < N_MANY; i++) {
        FACT(pthread_create(&threads[i], &attributes, wait_in_crowd,
                            (void *)i) == 0);
    }
    pthread_mutex_lock(&mutex);
    while (n_waiting < N_MANY) {
        pthread_cond_wait(&room, &mutex);
    }
    is_released = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (uintptr_t i = 0; i < N_MANY; i++) {
        FACT(result_of(threads[i]) == (void *)i);
    }
}

int main(void)
{
    create_facts();
    timed_join_facts();
    mutex_facts();
    condition_facts();
    rwlock_facts();
    barrier_facts();
    semaphore_facts();
    spin_facts();
    own_facts();
    once_facts();
    many_facts();
    cancel_facts();
    thread_signal_facts();
    interrupt_facts();
    waiting_facts();
    lock_and_timer_facts();
    printf("%d facts, %d failed\n", n_facts, n_failed);
    return n_failed > 0;
}
