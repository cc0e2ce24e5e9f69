// Package volumes gives claims their volumes, as a cloud's provisioner does: local volumes,
// each a directory, or for a class with the parameter tmpfs a small file system that can be
// filled up:
//
//	apiVersion: storage.k8s.io/v1
//	kind: StorageClass
//	metadata: {name: small}
//	provisioner: e2e.bkgen.io/local
//	volumeBindingMode: WaitForFirstConsumer
//	parameters: {tmpfs: 64Mi}
//
// I/O: the API server, the directory of the volumes, mounts in it.
package volumes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
)

const (
	// ClassName is the cluster's default StorageClass: volumes are deleted with their claims.
	ClassName = "local"
	// Provisioner is what a StorageClass names. Its volumeBindingMode must be
	// WaitForFirstConsumer: only the scheduler knows on which node a volume is to be.
	Provisioner = "e2e.bkgen.io/local"
	// tmpfsParameter of a class makes its volumes file systems of that size, in memory.
	tmpfsParameter = "tmpfs"
)

// Annotations of claims and volumes. Source: https://kubernetes.io/docs/reference/labels-annotations-taints/.
const (
	selectedNode  = "volume.kubernetes.io/selected-node"
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	defaultClass  = "storageclass.kubernetes.io/is-default-class"
)

// retry is when what went wrong is tried again, where no event comes first.
const retry = 500 * time.Millisecond

// provisioner sees all claims, volumes and classes, and acts on what it sees; it remembers
// nothing.
type provisioner struct {
	client  kubernetes.Interface
	disk    disk
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
	changed chan struct{}
}

// Run makes the default class, and volumes in dir for all claims of the provisioner's
// classes, until the context ends; then it unmounts what it mounted. What goes wrong is
// written to log and tried again.
func Run(ctx context.Context, client kubernetes.Interface, dir string, log io.Writer) error {
	p := &provisioner{client: client, disk: disk(dir), changed: make(chan struct{}, 1)}
	factory := informers.NewSharedInformerFactory(client, 0)
	if err := p.watch(factory); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	for {
		wait := (<-chan time.Time)(nil)
		if err := p.reconcile(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(log, "%v\n", err)
			wait = time.After(retry)
		}
		select {
		case <-p.changed:
		case <-wait:
		case <-ctx.Done():
			return p.disk.unmountAll()
		}
	}
}

// watch makes every change wake the loop in Run.
func (p *provisioner) watch(factory informers.SharedInformerFactory) error {
	claims, volumes := factory.Core().V1().PersistentVolumeClaims(), factory.Core().V1().PersistentVolumes()
	classes := factory.Storage().V1().StorageClasses()
	p.claims, p.volumes, p.classes = claims.Lister(), volumes.Lister(), classes.Lister()
	wake := func() {
		select {
		case p.changed <- struct{}{}:
		default: // it will look at everything anyhow
		}
	}
	for _, informer := range []cache.SharedIndexInformer{claims.Informer(), volumes.Informer(), classes.Informer()} {
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { wake() },
			UpdateFunc: func(any, any) { wake() },
			DeleteFunc: func(any) { wake() },
		})
		if err != nil {
			return fmt.Errorf("watching claims and volumes: %w", err)
		}
	}
	return nil
}

// reconcile brings everything to where it should be.
func (p *provisioner) reconcile(ctx context.Context) error {
	errs := []error{p.createClass(ctx)}
	claims, err := p.claims.List(labels.Everything())
	errs = append(errs, err)
	for _, claim := range claims {
		errs = append(errs, p.provision(ctx, claim))
	}
	volumes, err := p.volumes.List(labels.Everything())
	errs = append(errs, err)
	for _, volume := range volumes {
		errs = append(errs, p.reclaim(ctx, volume))
	}
	return errors.Join(errs...)
}

func (p *provisioner) createClass(ctx context.Context) error {
	if _, err := p.classes.Get(ClassName); err == nil {
		return nil
	}
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{
		ObjectMeta:        metav1.ObjectMeta{Name: ClassName, Annotations: map[string]string{defaultClass: "true"}},
		Provisioner:       Provisioner,
		VolumeBindingMode: &mode,
	}
	_, err := p.client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating StorageClass %s: %w", ClassName, err)
	}
	return nil
}

// provision makes the volume of a claim whose pod has been given a node.
func (p *provisioner) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	node := claim.Annotations[selectedNode]
	if node == "" || claim.Spec.VolumeName != "" || claim.Spec.StorageClassName == nil || claim.DeletionTimestamp != nil {
		return nil
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	if apierrors.IsNotFound(err) || err == nil && class.Provisioner != Provisioner {
		return nil
	}
	if err == nil {
		err = p.makeVolume(ctx, claim, class, node)
	}
	if err != nil {
		return fmt.Errorf("provisioning %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return nil
}

func (p *provisioner) makeVolume(ctx context.Context, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, node string) error {
	name := "pvc-" + string(claim.UID)
	if _, err := p.volumes.Get(name); err == nil {
		return nil // not bound yet
	}
	path, err := p.disk.make(name, class.Parameters[tmpfsParameter])
	if err != nil {
		return err
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, newVolume(claim, class, node, path), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating PersistentVolume %s: %w", name, err)
	}
	return nil
}

// reclaim deletes a volume whose claim is gone, where its class wants that.
func (p *provisioner) reclaim(ctx context.Context, volume *corev1.PersistentVolume) error {
	if volume.Annotations[provisionedBy] != Provisioner || volume.Status.Phase != corev1.VolumeReleased ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || volume.DeletionTimestamp != nil {
		return nil
	}
	err := p.disk.remove(volume.Name)
	if err == nil {
		err = p.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting PersistentVolume %s: %w", volume.Name, err)
	}
	return nil
}
